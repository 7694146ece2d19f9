import CKernels

extension Compute {
    /// RMSNorm of each row (arXiv 1910.07467): input · weight / sqrt(mean(input²) + epsilon).
    ///
    /// - Parameters:
    ///   - input: [rowCount, width]
    ///   - weight: [width]
    ///   - output: [rowCount, width]
    package func normalizeRows(
        _ input: UnsafePointer<Float>, rowCount: Int, width: Int, weight: UnsafePointer<Float>, epsilon: Float,
        output: UnsafeMutablePointer<Float>
    ) {
        run(.normalize(input, weight, epsilon, output, width: width), count: rowCount)
    }

    /// RMSNorm and RoPE (arXiv 2104.09864) of queries and keys in place, where every position asks; keys and values go
    /// into their slots of the ring.
    package func placeHeads(_ heads: HeadRows, rowCount: Int) { run(.placeHeads(heads), count: rowCount) }

    /// What `placeHeads` does to keys and values alone, of every position.
    package func placeKeyValues(_ heads: HeadRows, rowCount: Int) { run(.placeKeyValues(heads), count: rowCount) }

    /// What `placeHeads` does to queries alone.
    package func placeQueries(_ heads: HeadRows, count: Int) { run(.placeQueries(heads), count: count) }

    /// output = silu(gate) ⊙ up (arXiv 2002.05202).
    ///
    /// - Parameters:
    ///   - gateUp: [rowCount, gate | up], each `width` wide
    ///   - output: [rowCount, width]
    package func gate(
        _ gateUp: UnsafePointer<Float>, rowCount: Int, width: Int, output: UnsafeMutablePointer<Float>
    ) {
        run(.gate(gateUp, output, width: width), count: rowCount * RowJob.chunkCount(width))
    }

    /// values = tanh(values).
    package func tanh(_ values: UnsafeMutablePointer<Float>, count: Int) { kernels.pointee.tanh(values, count) }

    /// y += x, both [rowCount, width].
    package func add(
        _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, rowCount: Int = 1, width: Int
    ) {
        run(.add(x, y, width: width), count: rowCount)
    }

    /// y[rows[n]] += factors[n] · x[n]: x is [count, width], `rows` ascending.
    package func add(
        _ x: UnsafePointer<Float>, scaledBy factors: UnsafePointer<Float>, toRows rows: UnsafePointer<Int>, count: Int,
        of y: UnsafeMutablePointer<Float>, width: Int
    ) {
        run(.scatter(x, factors, rows, y, width: width), count: count)
    }

    /// y[n] = x[rows[n]]: y is [count, width].
    package func gather(
        _ rows: UnsafePointer<Int>, count: Int, of x: UnsafePointer<Float>, width: Int,
        into y: UnsafeMutablePointer<Float>
    ) {
        run(.gather(x, rows, y, width: width), count: count)
    }

    /// Does `operation` `count` times, on the team where that is worth its while.
    // Inlined, so that what the caller does alone is the kernel's call and little else.
    @inline(__always)
    private func run(_ operation: RowJob.Operation, count: Int) {
        guard team.count > 1, Double(count) * operation.nanoseconds >= Self.worthSharing else {
            for index in 0..<count { operation.run(index, kernels) }
            return
        }
        var job = RowJob(kernels: kernels, count: count, operation: operation)
        team.run(parts: team.count, { RowJob.at($0).run(part: $1, of: $2, member: $3) }, &job)
    }
}

/// What is done to each row of a pass by itself: nothing that is reference-counted, as `LinearJob`.
private struct RowJob: BitwiseCopyable {
    let kernels: UnsafePointer<volley_kernels>
    let count: Int
    let operation: Operation

    enum Operation: BitwiseCopyable {
        case normalize(
            UnsafePointer<Float>, UnsafePointer<Float>, _ epsilon: Float, UnsafeMutablePointer<Float>, width: Int)
        case placeHeads(HeadRows)
        case placeKeyValues(HeadRows)
        case placeQueries(HeadRows)
        /// Chunk by chunk: a row alone is worth dividing.
        case gate(UnsafePointer<Float>, UnsafeMutablePointer<Float>, width: Int)
        case add(UnsafePointer<Float>, UnsafeMutablePointer<Float>, width: Int)
        case scatter(
            UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Int>, UnsafeMutablePointer<Float>, width: Int)
        case gather(UnsafePointer<Float>, UnsafePointer<Int>, UnsafeMutablePointer<Float>, width: Int)

        /// What one takes on one core, roughly.
        @inline(__always)
        var nanoseconds: Double {
            switch self {
            case .normalize(_, _, _, _, let width): 0.15 * Double(width)
            case .placeHeads(let heads): 0.4 * Double(heads.queryWidth + heads.keyValueWidth)
            case .placeKeyValues(let heads): 0.4 * Double(heads.keyValueWidth)
            case .placeQueries(let heads): 0.4 * Double(heads.queryWidth)
            case .gate(_, _, let width): 1.5 * Double(min(width, RowJob.chunk))
            case .add(_, _, let width), .scatter(_, _, _, _, let width), .gather(_, _, _, let width):
                0.06 * Double(width)
            }
        }

        /// One row, or one chunk of a gate.
        @inline(__always)
        func run(_ index: Int, _ kernels: UnsafePointer<volley_kernels>) {
            switch self {
            case .normalize(let input, let weight, let epsilon, let output, let width):
                kernels.pointee.rms_norm(output + index * width, input + index * width, weight, width, epsilon)
            case .placeHeads(let heads):
                heads.placeQuery(index, kernels)
                heads.placeKeyValue(row: index, kernels)
            case .placeKeyValues(let heads): heads.placeKeyValue(row: index, kernels)
            case .placeQueries(let heads): heads.placeQuery(index, kernels)
            case .gate(let input, let output, let width):
                let (row, first) = (index / RowJob.chunkCount(width), index % RowJob.chunkCount(width) * RowJob.chunk)
                let gate = input + 2 * row * width + first
                kernels.pointee.silu_gate(
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

    /// Values of a gate that are done together.
    private static let chunk = 256

    static func chunkCount(_ width: Int) -> Int { (width + chunk - 1) / chunk }

    static func at(_ pointer: UnsafeRawPointer) -> RowJob { pointer.assumingMemoryBound(to: RowJob.self).pointee }

    func run(part: Int, of parts: Int, member: Int) {
        for index in Compute.share(count, part, parts) { operation.run(index, kernels) }
    }
}
