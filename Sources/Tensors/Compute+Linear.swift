import CKernels
import COpenBLAS

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

/// Nothing that is reference-counted, as `LinearJob`.
private struct RoundJob: BitwiseCopyable {
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

/// What a thread needs to know of a matmul: nothing that is reference-counted.
private struct LinearJob: BitwiseCopyable {
    let kernels: UnsafePointer<volley_kernels>
    let slices: UnsafePointer<Linear.Slice>
    let sliceCount: Int
    let input: UnsafePointer<Float>
    /// The input as quantised weights take it.
    let rounded: UnsafePointer<UInt8>
    let activations: ActivationFormat
    let output: UnsafeMutablePointer<Float>
    let rowCount: Int
    let rows: Int
    let columns: Int
    let tiles: UnsafeMutablePointer<Float>
    let allowsBLAS: Bool
    let memberCount: Int
    /// Where each member will go on reading, if that is known.
    var next: UnsafePointer<UnsafeRawPointer?>?
    /// Whether kernels ask for weights ahead of their use.
    var asksAhead = true

    /// Of weights, for one row, on one core, roughly.
    static let nanosecondsOfByte = 0.025

    static func at(_ pointer: UnsafeRawPointer) -> LinearJob { pointer.assumingMemoryBound(to: LinearJob.self).pointee }

    // Inlined, as a copy of the job waits for all that was stored before it, keys and values on their way to memory among it.
    @inline(__always)
    func multiply(part: Int, of parts: Int, member: Int) {
        for index in 0..<sliceCount {
            let slice = slices[index]
            let share = share(slice, part, parts)
            guard !share.isEmpty else { continue }
            if usesBLAS(slice) {
                multiplyByBLAS(slice, share, tile: tiles + member * Compute.tileRows * columns)
            } else {
                volley_matmul(
                    kernels, activations.kernelActivations, slice.format.kernelFormat, output + slice.firstOutput, rows,
                    slice.bytes,
                    slice.format.roundsActivations ? UnsafeRawPointer(rounded) : UnsafeRawPointer(input), columns,
                    share.lowerBound, share.upperBound, rowCount,
                    volley_fetching(
                        asks_ahead: asksAhead,
                        next: parts > 1 ? following(slice: index, ofPart: part, of: parts, in: member) : nil))
            }
        }
    }

    /// Where each member's first part lies in memory.
    func beginnings(parts: Int) -> ReadingOrder.Beginnings {
        let result = ReadingOrder.Beginnings(count: memberCount)
        for member in 0..<memberCount {
            result.pointer[member] = beginning(ofPart: firstPart(of: member, parts), of: parts)
        }
        return result
    }

    /// Where a part lies in memory, its slices before `first` left out; nil where nothing is left.
    private func beginning(ofPart part: Int, of parts: Int, fromSlice first: Int = 0) -> UnsafeRawPointer? {
        for index in first..<sliceCount {
            let share = share(slices[index], part, parts)
            if !share.isEmpty { return slices[index].place(ofRow: share.lowerBound) }
        }
        return nil
    }

    /// What the member reads after a slice of a part: another slice, the part after it, or the next weights.
    private func following(slice: Int, ofPart part: Int, of parts: Int, in member: Int) -> UnsafeRawPointer? {
        if let place = beginning(ofPart: part, of: parts, fromSlice: slice + 1) { return place }
        // Whoever helps another goes on elsewhere.
        let goesOn = firstPart(of: member, parts) <= part && part + 1 < firstPart(of: member + 1, parts)
        return goesOn ? beginning(ofPart: part + 1, of: parts) : next?[member]
    }

    private func firstPart(of member: Int, _ parts: Int) -> Int {
        PartRuns.firstPart(of: member, memberCount: memberCount, parts: parts)
    }

    private func usesBLAS(_ slice: Linear.Slice) -> Bool { allowsBLAS && !slice.format.roundsActivations }

    /// Rows of `slice`, whole grains of them, that fall into `part`'s share of all outputs.
    private func share(_ slice: Linear.Slice, _ part: Int, _ parts: Int) -> Range<Int> {
        guard parts > 1 else { return 0..<slice.rows }
        let grain = slice.format.roundsActivations ? Int(VOLLEY_PANEL_ROWS) : usesBLAS(slice) ? Compute.tileRows : 1
        let mine = Compute.share(rows, part, parts)
        func bound(_ output: Int) -> Int {
            (max(output - slice.firstOutput, 0) + grain - 1) / grain * grain
        }
        return (bound(mine.lowerBound)..<bound(mine.upperBound)).clamped(to: 0..<slice.rows)
    }

    /// By whole tiles: OpenBLAS rounds by the shape that it is given, which must not depend on the number of threads.
    private func multiplyByBLAS(_ slice: Linear.Slice, _ share: Range<Int>, tile: UnsafeMutablePointer<Float>) {
        for first in stride(from: share.lowerBound, to: share.upperBound, by: Compute.tileRows) {
            let count = min(Compute.tileRows, share.upperBound - first)
            volley_dequantize(
                kernels, slice.format.kernelFormat, tile,
                slice.bytes + first * columns * slice.format.bytesPerBlock, count * columns)
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, blasint(rowCount), blasint(count), blasint(columns), 1,
                input, blasint(columns), tile, blasint(columns), 0, output + slice.firstOutput + first, blasint(rows))
        }
    }
}
