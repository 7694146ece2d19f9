import CKernels
import COpenBLAS

/// What a thread needs to know of a matmul: nothing that is reference-counted.
struct LinearJob: BitwiseCopyable {
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
