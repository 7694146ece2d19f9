import CKernels

/// Rounds activations to blocks. Holds no references, to avoid reference counting on compute threads.
struct RoundJob: BitwiseCopyable {
    let kernels: UnsafePointer<volley_kernels>
    let input: UnsafePointer<Float>
    let output: UnsafeMutablePointer<UInt8>
    let format: ActivationFormat
    let rowCount: Int
    let columns: Int

    /// Columns that are rounded together.
    private static let chunk = 512

    /// Approximate time on one core.
    static let nanosecondsPerValue = 0.8

    static func at(_ pointer: UnsafeRawPointer) -> RoundJob { pointer.assumingMemoryBound(to: RoundJob.self).pointee }

    func round(part: Int, of parts: Int, member: Int) {
        let chunks = (columns + Self.chunk - 1) / Self.chunk
        for index in Compute.share(volley_row_tile_count(rowCount) * chunks, part, parts) {
            let (first, column) = (volley_row_tile_begin(rowCount, index / chunks), index % chunks * Self.chunk)
            let rows = volley_row_tile_begin(rowCount, index / chunks + 1) - first
            volley_quantize(
                kernels, format.kernelActivations,
                output + (first * columns + rows * column) / 32 * format.bytesPerBlock,
                input + first * columns + column, columns, min(Self.chunk, columns - column), rows)
        }
    }
}
