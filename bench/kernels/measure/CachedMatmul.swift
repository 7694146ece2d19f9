import Measuring
import Tensors

/// A matrix that fits in half of a small second cache, by one thread.
struct CachedMatmul {
    private static let byteCount = 1 << 18
    private let weights: Linear
    private let compute: Compute

    init(_ format: StorageFormat, _ activations: ActivationFormat) throws(ThreadRefusal) {
        compute = try Compute(
            threadCount: 1, maximumRows: 16, maximumColumns: 1024, headWidth: 64, activations: activations)
        let rows = Self.byteCount * format.valuesPerBlock / (512 * format.bytesPerBlock) / 16 * 16
        weights = Linear([randomMatrix(rows: rows, columns: 512, format: format, seed: 1)])
    }

    /// For 512 weights, of the fastest pass: short ones, as some then miss all that takes a core away.
    func nanoseconds(rowCount: Int, rounds: Int) -> Double {
        let input = AlignedBuffer<Float>(count: rowCount * weights.columns)
        let output = AlignedBuffer<Float>(count: rowCount * weights.rows)
        for index in 0..<input.count { input.pointer[index] = Float(index % 17) - 8 }
        let seconds = (0..<400 * rounds).map { _ in
            timed { compute.linear(weights, input.pointer, rowCount: rowCount, output: output.pointer) }
        }
        return seconds.min()! * 1e9 / Double(weights.rows * weights.columns) * 512
    }
}
