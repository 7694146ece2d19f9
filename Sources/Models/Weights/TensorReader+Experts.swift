import Tensors

extension TensorReader {
    /// - Parameter name: the part of the tensors' names before `gate` and `experts`.
    func experts(_ name: String, _ configuration: ExpertConfiguration, hiddenSize: Int) throws -> Experts {
        let router = try matrix("\(name).gate", rows: configuration.count, columns: hiddenSize)
        guard router.isFinite else { throw fault("\(name).gate.weight", "it holds values that are not finite") }
        let all = try (0..<configuration.count).map { index in
            let (gateUp, down) = try network("\(name).experts.\(index)", width: configuration.width, hiddenSize)
            return Experts.Expert(gateUp: gateUp, down: down)
        }
        return Experts(
            router: Linear([router]), all: all, chosenCount: configuration.chosenCount,
            renormalizes: configuration.renormalizes)
    }
}

extension Matrix {
    /// Whether all values are finite.
    fileprivate var isFinite: Bool {
        let values = AlignedBuffer<Float>(count: columns)
        return (0..<rows).allSatisfy { row in
            copyRow(row, to: values.pointer)
            return UnsafeBufferPointer(start: values.pointer, count: columns).allSatisfy(\.isFinite)
        }
    }
}
