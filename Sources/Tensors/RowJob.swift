import CKernels

/// A row-wise operation on a pass. Holds no references, to avoid reference counting on compute threads.
struct RowJob: BitwiseCopyable {
    let kernels: UnsafePointer<volley_kernels>
    let count: Int
    let operation: Operation

    enum Operation: BitwiseCopyable {
        case normalize(
            UnsafePointer<Float>, UnsafePointer<Float>, _ epsilon: Float, UnsafeMutablePointer<Float>, width: Int)
        case rotateAndStore(HeadRows)
        case rotateAndStoreKeyValues(HeadRows)
        case rotateQueries(HeadRows)
        /// Split into chunks, so that threads can share a single row.
        case swiglu(UnsafePointer<Float>, UnsafeMutablePointer<Float>, width: Int)
        case add(UnsafePointer<Float>, UnsafeMutablePointer<Float>, width: Int)
        case scatter(
            UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Int>, UnsafeMutablePointer<Float>, width: Int)
        case gather(UnsafePointer<Float>, UnsafePointer<Int>, UnsafeMutablePointer<Float>, width: Int)

        /// Approximate time of one index on one core.
        @inline(__always)
        var nanoseconds: Double {
            switch self {
            case .normalize(_, _, _, _, let width): 0.15 * Double(width)
            case .rotateAndStore(let heads): 0.4 * Double(heads.queryWidth + heads.keyValueWidth)
            case .rotateAndStoreKeyValues(let heads): 0.4 * Double(heads.keyValueWidth)
            case .rotateQueries(let heads): 0.4 * Double(heads.queryWidth)
            case .swiglu(_, _, let width): 1.5 * Double(min(width, RowJob.chunk))
            case .add(_, _, let width), .scatter(_, _, _, _, let width), .gather(_, _, _, let width):
                0.06 * Double(width)
            }
        }

        /// Runs one row, or one chunk of SwiGLU.
        @inline(__always)
        func run(_ index: Int, _ kernels: UnsafePointer<volley_kernels>) {
            switch self {
            case .normalize(let input, let weight, let epsilon, let output, let width):
                kernels.pointee.rms_norm(output + index * width, input + index * width, weight, width, epsilon)
            case .rotateAndStore(let heads):
                heads.rotateQuery(index, kernels)
                heads.rotateAndStoreKeyValue(row: index, kernels)
            case .rotateAndStoreKeyValues(let heads): heads.rotateAndStoreKeyValue(row: index, kernels)
            case .rotateQueries(let heads): heads.rotateQuery(index, kernels)
            case .swiglu(let input, let output, let width):
                let (row, first) = (index / RowJob.chunkCount(width), index % RowJob.chunkCount(width) * RowJob.chunk)
                let gate = input + 2 * row * width + first
                kernels.pointee.swiglu(
                    output + row * width + first, gate, gate + width, min(RowJob.chunk, width - first))
            case .add(let x, let y, let width):
                kernels.pointee.add(y + index * width, x + index * width, width)
            case .scatter(let x, let factors, let rows, let y, let width):
                kernels.pointee.add_scaled(y + rows[index] * width, x + index * width, factors[index], width)
            case .gather(let x, let rows, let y, let width):
                (y + index * width).update(from: x + rows[index] * width, count: width)
            }
        }
    }

    /// Values in a chunk of SwiGLU.
    private static let chunk = 256

    static func chunkCount(_ width: Int) -> Int { (width + chunk - 1) / chunk }

    static func at(_ pointer: UnsafeRawPointer) -> RowJob { pointer.assumingMemoryBound(to: RowJob.self).pointee }

    func run(part: Int, of parts: Int, member: Int) {
        for index in Compute.share(count, part, parts) { operation.run(index, kernels) }
    }
}
