import CKernels

/// Nothing that is reference-counted, as `LinearJob`.
struct RoundJob: BitwiseCopyable {
    let kernels: UnsafePointer<volley_kernels>
    let input: UnsafePointer<Float>
    let output: UnsafeMutablePointer<UInt8>
    let format: ActivationFormat
    let rowCount: Int
    let columns: Int

    /// Columns of a part's rows that are rounded together.
    private static let chunk = 512

    /// On one core, roughly.
    static let nanosecondsOfValue = 0.8

    static func at(_ pointer: UnsafeRawPointer) -> RoundJob { pointer.assumingMemoryBound(to: RoundJob.self).pointee }

    func round(part: Int, of parts: Int, member: Int) {
        let chunks = (columns + Self.chunk - 1) / Self.chunk
        for index in Compute.share(volley_part_count(rowCount) * chunks, part, parts) {
            let (first, column) = (volley_part_begin(rowCount, index / chunks), index % chunks * Self.chunk)
            let rows = volley_part_begin(rowCount, index / chunks + 1) - first
            volley_quantize(
                kernels, format.kernelActivations,
                output + (first * columns + rows * column) / 32 * format.bytesPerBlock,
                input + first * columns + column, columns, min(Self.chunk, columns - column), rows)
        }
    }
}
