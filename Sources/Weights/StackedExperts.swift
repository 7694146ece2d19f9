import JSON

extension [String: TensorLocation] {
    /// The same tensors with stacked experts as tensors of their own: `….mlp.experts.J.gate_proj.weight` and so on.
    ///
    /// GGUF stacks each matrix, [experts, rows, columns]; transformers 5 also stacks gate on up, [experts, 2·width, hidden].
    ///
    /// - Throws: `CheckpointError.damaged` if a stack does not have three dimensions, or has no two equal halves.
    func splittingExperts() throws(CheckpointError) -> [String: TensorLocation] {
        var result: [String: TensorLocation] = [:]
        for (name, location) in self {
            guard let stack = StackedExperts(name) else {
                result[name] = location
                continue
            }
            guard location.shape.count == 3, location.shape[1].isMultiple(of: stack.parts.count), location.scales == nil
            else {
                throw .damaged(
                    path: location.file.path, place: "tensor \(quoted(name))",
                    problem: "its shape \(location.shape) is not a stack of experts' matrices")
            }
            for expert in 0..<location.shape[0] {
                for (place, part) in stack.parts.enumerated() {
                    let piece = location.piece(
                        expert * stack.parts.count + place, of: location.shape[0] * stack.parts.count)
                    result["\(stack.prefix).\(expert).\(part).weight"] = piece
                }
            }
        }
        return result
    }
}

/// The name of a tensor that holds one matrix of every expert.
private struct StackedExperts {
    /// The names of the experts' tensors up to the expert's number.
    let prefix: String
    /// The matrices of each expert, stacked by rows.
    let parts: [String]

    private static let parts = [
        "gate_up_proj": ["gate_proj", "up_proj"], "gate_proj": ["gate_proj"], "up_proj": ["up_proj"],
        "down_proj": ["down_proj"],
    ]

    init?(_ name: String) {
        var words = name.split(separator: ".", omittingEmptySubsequences: false)
        if words.last == "weight" { words.removeLast() }
        guard let last = words.popLast(), words.suffix(2) == ["mlp", "experts"], let parts = Self.parts[String(last)]
        else { return nil }
        (prefix, self.parts) = (words.joined(separator: "."), parts)
    }
}

extension TensorLocation {
    /// One of `count` equal pieces of a stack, as a matrix.
    fileprivate func piece(_ index: Int, of count: Int) -> TensorLocation {
        let byteCount = byteRange.count / count
        let start = byteRange.lowerBound + index * byteCount
        return TensorLocation(
            file: file, byteRange: start..<start + byteCount, shape: [shape[0] * shape[1] / count, shape[2]],
            type: type)
    }
}
