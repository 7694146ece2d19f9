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

    /// Applies RMSNorm and RoPE (arXiv 2104.09864) to queries and keys in place, and stores keys and values in their
    /// ring slots. Every row has a query.
    package func rotateAndStore(_ heads: HeadRows, rowCount: Int) { run(.rotateAndStore(heads), count: rowCount) }

    /// `rotateAndStore` for keys and values only.
    package func rotateAndStoreKeyValues(_ heads: HeadRows, rowCount: Int) {
        run(.rotateAndStoreKeyValues(heads), count: rowCount)
    }

    /// `rotateAndStore` for queries only.
    package func rotateQueries(_ heads: HeadRows, count: Int) { run(.rotateQueries(heads), count: count) }

    /// output = silu(gate) ⊙ up (arXiv 2002.05202).
    ///
    /// - Parameters:
    ///   - gateUp: [rowCount, gate | up], each `width` wide
    ///   - output: [rowCount, width]
    package func swiglu(
        _ gateUp: UnsafePointer<Float>, rowCount: Int, width: Int, output: UnsafeMutablePointer<Float>
    ) {
        run(.swiglu(gateUp, output, width: width), count: rowCount * RowJob.chunkCount(width))
    }

    /// values = tanh(values).
    package func tanh(_ values: UnsafeMutablePointer<Float>, count: Int) { kernels.pointee.tanh(values, count) }

    /// y += x, both [rowCount, width].
    package func add(
        _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, rowCount: Int = 1, width: Int
    ) {
        run(.add(x, y, width: width), count: rowCount)
    }

    /// y[rows[n]] += factors[n] · x[n]; x is [count, width], `rows` is ascending.
    package func add(
        _ x: UnsafePointer<Float>, scaledBy factors: UnsafePointer<Float>, toRows rows: UnsafePointer<Int>, count: Int,
        of y: UnsafeMutablePointer<Float>, width: Int
    ) {
        run(.scatter(x, factors, rows, y, width: width), count: count)
    }

    /// y[n] = x[rows[n]]; y is [count, width].
    package func gather(
        _ rows: UnsafePointer<Int>, count: Int, of x: UnsafePointer<Float>, width: Int,
        into y: UnsafeMutablePointer<Float>
    ) {
        run(.gather(x, rows, y, width: width), count: count)
    }

    /// Runs `operation` for each index below `count`, on the team if the work is worth it.
    // Inlined, so that small work costs little more than the kernel call.
    @inline(__always)
    private func run(_ operation: RowJob.Operation, count: Int) {
        guard team.count > 1, Double(count) * operation.nanoseconds >= Self.parallelThreshold else {
            for index in 0..<count { operation.run(index, kernels) }
            return
        }
        var job = RowJob(kernels: kernels, count: count, operation: operation)
        team.run(parts: team.count, { RowJob.at($0).run(part: $1, of: $2, member: $3) }, &job)
    }
}
