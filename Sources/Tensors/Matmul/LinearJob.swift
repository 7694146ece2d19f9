import CKernels

/// The arguments of a matmul. Holds no references, to avoid reference counting on compute threads.
struct LinearJob: BitwiseCopyable {
    let kernels: UnsafePointer<volley_kernels>
    let slices: UnsafePointer<Linear.Slice>
    let sliceCount: Int
    let input: UnsafePointer<Float>
    /// The input, rounded to blocks for quantised weights.
    let rounded: UnsafePointer<UInt8>
    let activations: ActivationFormat
    let output: UnsafeMutablePointer<Float>
    let rowCount: Int
    let rows: Int
    let columns: Int
    let tiles: UnsafeMutablePointer<Float>
    let allowsBLAS: Bool
    let memberCount: Int
    /// For each member, the address that it reads after this matmul, if known.
    var next: UnsafePointer<UnsafeRawPointer?>?
    /// Whether kernels prefetch weights.
    var prefetches = true

    /// Approximate time per byte of weights, for one row on one core.
    static let nanosecondsPerByte = 0.025

    static func at(_ pointer: UnsafeRawPointer) -> LinearJob { pointer.assumingMemoryBound(to: LinearJob.self).pointee }

    // Inlined: copying the job would wait for earlier stores, such as keys and values, to reach the cache.
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
                    volley_prefetch(
                        is_enabled: prefetches,
                        next: parts > 1 ? following(slice: index, ofPart: part, of: parts, in: member) : nil))
            }
        }
    }

    /// For each member, the address where its first part starts.
    func starts(parts: Int) -> ReadingOrder.Starts {
        let result = ReadingOrder.Starts(count: memberCount)
        for member in 0..<memberCount {
            result.pointer[member] = start(ofPart: firstPart(of: member, parts), of: parts)
        }
        return result
    }

    /// The address where a part starts, without its slices before `first`; nil if nothing is left.
    private func start(ofPart part: Int, of parts: Int, fromSlice first: Int = 0) -> UnsafeRawPointer? {
        for index in first..<sliceCount {
            let share = share(slices[index], part, parts)
            if !share.isEmpty { return slices[index].address(ofRow: share.lowerBound) }
        }
        return nil
    }

    /// The address that the member reads after a slice of a part: another slice, the next part, or the next weights.
    private func following(slice: Int, ofPart part: Int, of parts: Int, in member: Int) -> UnsafeRawPointer? {
        if let address = start(ofPart: part, of: parts, fromSlice: slice + 1) { return address }
        // Parts stolen from other members have no successor.
        let goesOn = firstPart(of: member, parts) <= part && part + 1 < firstPart(of: member + 1, parts)
        return goesOn ? start(ofPart: part + 1, of: parts) : next?[member]
    }

    private func firstPart(of member: Int, _ parts: Int) -> Int {
        PartRuns.firstPart(of: member, memberCount: memberCount, parts: parts)
    }

    private func usesBLAS(_ slice: Linear.Slice) -> Bool { allowsBLAS && !slice.format.roundsActivations }

    /// Rows of `slice` in `part`'s share of all outputs, rounded to whole panels or tiles.
    private func share(_ slice: Linear.Slice, _ part: Int, _ parts: Int) -> Range<Int> {
        guard parts > 1 else { return 0..<slice.rows }
        let grain = slice.format.roundsActivations ? Int(VOLLEY_PANEL_ROWS) : usesBLAS(slice) ? Compute.tileRows : 1
        let mine = Compute.share(rows, part, parts)
        func bound(_ output: Int) -> Int {
            (max(output - slice.firstOutput, 0) + grain - 1) / grain * grain
        }
        return (bound(mine.lowerBound)..<bound(mine.upperBound)).clamped(to: 0..<slice.rows)
    }

    /// Multiplies whole tiles: OpenBLAS's rounding depends on the shape, which must not depend on the thread count.
    private func multiplyByBLAS(_ slice: Linear.Slice, _ share: Range<Int>, tile: UnsafeMutablePointer<Float>) {
        for first in stride(from: share.lowerBound, to: share.upperBound, by: Compute.tileRows) {
            let count = min(Compute.tileRows, share.upperBound - first)
            volley_dequantize(
                kernels, slice.format.kernelFormat, tile,
                slice.bytes + first * columns * slice.format.bytesPerBlock, count * columns)
            OpenBLAS.multiply(
                input, rowCount: rowCount, tile, weightRows: count, columns: columns,
                output: output + slice.firstOutput + first, outputStride: rows)
        }
    }
}
