import CKernels

extension Compute {
    /// output[row, n] = Σ weights[n, k] · input[row, k].
    ///
    /// Quantised weights multiply rounded activations in our own kernels, which give a row the same bits whatever the
    /// row count. Float weights use our kernels for up to 16 rows, and OpenBLAS for more unless `isRowExact` or built
    /// without it.
    /// - Parameters:
    ///   - input: [rowCount, weights.columns]
    ///   - isRowExact: whether each row must get the same bits as alone.
    ///   - output: [rowCount, weights.rows]
    package func linear(
        _ weights: Linear, _ input: UnsafePointer<Float>, rowCount: Int, isRowExact: Bool = false,
        output: UnsafeMutablePointer<Float>
    ) {
        precondition(weights.columns <= maximumColumns && rowCount <= maximumRows)
        guard OpenBLAS.isAvailable, rowCount > Self.kernelRows, !isRowExact, weights.hasFloats else {
            return multiply(weights, input, rowCount: rowCount, allowsBLAS: false, output: output)
        }
        OpenBLAS.withOneThread { multiply(weights, input, rowCount: rowCount, allowsBLAS: true, output: output) }
    }

    private func multiply(
        _ weights: Linear, _ input: UnsafePointer<Float>, rowCount: Int, allowsBLAS: Bool,
        output: UnsafeMutablePointer<Float>
    ) {
        if weights.roundsActivations { round(input, rowCount: rowCount, columns: weights.columns) }
        var job = LinearJob(
            kernels: kernels, slices: weights.slices.pointer, sliceCount: weights.slices.count, input: input,
            rounded: blocks.pointer, activations: activations, output: output, rowCount: rowCount, rows: weights.rows,
            columns: weights.columns,
            tiles: tiles.pointer, allowsBLAS: allowsBLAS, memberCount: team.count)
        // Parts are large enough to be worth taking and small enough to balance the load.
        let nanoseconds = LinearJob.nanosecondsPerByte * Double(weights.byteCount * rowCount)
        let parts = nanoseconds < Self.parallelThreshold ? 1 : parts(of: weights.byteCount / Self.partByteCount)
        // Without workers nobody reads ahead, and a lookup may cost more than it saves.
        guard parts > 1 else { return job.multiply(part: 0, of: 1, member: 0) }
        job.next = readingOrder.read(weights.slices.pointer) { job.starts(parts: parts) }
        prefetchTrials.run(weights, rowCount: rowCount) { prefetches in
            job.prefetches = prefetches
            team.run(parts: parts, next: job.next, { LinearJob.at($0).multiply(part: $1, of: $2, member: $3) }, &job)
        }
    }

    /// Rounds `input`, [rowCount, columns], into `blocks`.
    private func round(_ input: UnsafePointer<Float>, rowCount: Int, columns: Int) {
        var job = RoundJob(
            kernels: kernels, input: input, output: blocks.pointer, format: activations, rowCount: rowCount,
            columns: columns)
        let parts = RoundJob.nanosecondsPerValue * Double(rowCount * columns) < Self.parallelThreshold ? 1 : team.count
        team.run(parts: parts, { RoundJob.at($0).round(part: $1, of: $2, member: $3) }, &job)
    }
}
