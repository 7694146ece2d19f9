import CKernels

extension Compute {
    /// output[row, n] = Σ weights[n, k] · input[row, k].
    ///
    /// Quantised weights multiply rounded activations, in our kernels whatever the number of rows: a row alone and among
    /// others gives the same bits. Plain weights do so up to 16 rows; more go through OpenBLAS, unless they must not.
    /// - Parameters:
    ///   - input: [rowCount, weights.columns]
    ///   - isRowExact: whether each row must get the bits that it gets alone.
    ///   - output: [rowCount, weights.rows]
    package func linear(
        _ weights: Linear, _ input: UnsafePointer<Float>, rowCount: Int, isRowExact: Bool = false,
        output: UnsafeMutablePointer<Float>
    ) {
        precondition(weights.columns <= maximumColumns && rowCount <= maximumRows)
        if weights.roundsActivations { round(input, rowCount: rowCount, columns: weights.columns) }
        var job = LinearJob(
            kernels: kernels, slices: weights.slices.pointer, sliceCount: weights.slices.count, input: input,
            rounded: blocks.pointer, activations: activations, output: output, rowCount: rowCount, rows: weights.rows,
            columns: weights.columns,
            tiles: tiles.pointer, allowsBLAS: !isRowExact && rowCount >= Self.blasRows, memberCount: team.count)
        // Parts large enough to be worth taking, small enough that whoever is free can help.
        let nanoseconds = LinearJob.nanosecondsOfByte * Double(weights.byteCount * rowCount)
        let parts = nanoseconds < Self.worthSharing ? 1 : parts(of: weights.byteCount / Self.partByteCount)
        // What the caller does alone leaves nobody to read ahead, and may be too short to look anything up.
        guard parts > 1 else { return job.multiply(part: 0, of: 1, member: 0) }
        job.next = readingOrder.read(weights.slices.pointer) { job.beginnings(parts: parts) }
        fetchTrials.run(weights, rowCount: rowCount) { asksAhead in
            job.asksAhead = asksAhead
            team.run(parts: parts, next: job.next, { LinearJob.at($0).multiply(part: $1, of: $2, member: $3) }, &job)
        }
    }

    /// Fills `blocks` with [rowCount, columns] of `input`.
    private func round(_ input: UnsafePointer<Float>, rowCount: Int, columns: Int) {
        var job = RoundJob(
            kernels: kernels, input: input, output: blocks.pointer, format: activations, rowCount: rowCount,
            columns: columns)
        let parts = RoundJob.nanosecondsOfValue * Double(rowCount * columns) < Self.worthSharing ? 1 : team.count
        team.run(parts: parts, { RoundJob.at($0).round(part: $1, of: $2, member: $3) }, &job)
    }
}
