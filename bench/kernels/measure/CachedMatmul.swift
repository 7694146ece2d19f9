import Measuring
import Tensors

/// A matrix that fits in the second cache, by one thread.
struct CachedMatmul {
    private static let byteCount = 1 << 19
    private let weights: Linear
    private let compute: Compute

    init(_ format: StorageFormat, _ activations: ActivationFormat) {
        compute = Compute(
            threadCount: 1, maximumRows: 16, maximumColumns: 1024, headWidth: 64, activations: activations)
        let rows = Self.byteCount * format.valuesPerBlock / (512 * format.bytesPerBlock) / 16 * 16
        weights = Linear([randomMatrix(rows: rows, columns: 512, format: format, seed: 1)])
    }

    /// For 512 weights, of the fastest round.
    func nanoseconds(rowCount: Int, rounds: Int) -> Double {
        let input = AlignedBuffer<Float>(count: rowCount * weights.columns)
        let output = AlignedBuffer<Float>(count: rowCount * weights.rows)
        for index in 0..<input.count { input.pointer[index] = Float(index % 17) - 8 }
        let repeats = 200
        let seconds = (0...rounds).map { _ in
            timed {
                for _ in 0..<repeats {
                    compute.linear(weights, input.pointer, rowCount: rowCount, output: output.pointer)
                }
            }
        }
        return seconds.min()! * 1e9 / Double(repeats) / Double(weights.rows * weights.columns) * 512
    }
}
