/// Copies of a ring's contents, in memory and on disk.
extension KVRing {
    /// Calls `body` with the stored keys and values, part by part: for each layer the keys of each KV head, then the values of each;
    /// a part is [slot][headWidth].
    package func forEachPart<Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        try forEachPart(slots: 0..<min(written, capacity), body)
    }

    /// Gives an empty ring entries at `positions`, ascending. `fill` writes their keys and values, in the order of `forEachPart`. If it
    /// throws, the ring must not be used.
    ///
    /// - Parameter written: the highest number of entries that the ring has held; nil if it was never higher.
    package func restore<Failure: Error>(
        _ positions: [Int], written: Int? = nil, fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(count == 0)
        for position in positions { stage(position) }
        let written = written ?? positions.count
        precondition(written >= positions.count)
        reserve(written)
        try forEachPart(slots: 0..<min(written, capacity), fill)
        commit(positions.count)
        self.written = written
    }

    /// Calls `body` with the keys and values of the entries in `range`, in the order of `forEachPart`.
    ///
    /// - Precondition: the ring has not wrapped, and holds the entries.
    package func forEachPart<Failure: Error>(
        of range: Range<Int>, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(!hasWrapped && range.upperBound <= count)
        try forEachPart(slots: range, body)
    }

    /// Extends a ring that has not wrapped to `end` dense entries. `fill` writes keys and values of the entries from `first` on, in the
    /// order of `forEachPart`; those that the ring holds already must get the bits that they have.
    package func extend(from first: Int, to end: Int, fill: (UnsafeMutableRawBufferPointer) -> Void) {
        precondition(!hasWrapped && first <= count && count <= end && denseCount == self.end && end <= shape.limit)
        stageRest(of: end - count)
        reserve(end - count)
        forEachPart(slots: first..<end, fill)
        commit(end - count)
    }

    /// An independent ring with the same contents.
    package func copy() -> KVRing {
        var parts: [UnsafeMutableRawBufferPointer] = []
        forEachPart { parts.append($0) }
        let copy = KVRing(shape)
        var next = 0
        copy.restore((0..<count).map(position(of:)), written: written) { part in
            part.copyMemory(from: UnsafeRawBufferPointer(parts[next]))
            next += 1
        }
        copy.firstOverflow.pointee = firstOverflow.pointee
        return copy
    }

    private func forEachPart<Failure: Error>(
        slots: Range<Int>, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        for layer in 0..<shape.layerCount {
            for (base, byteCount) in [(keys(layer), shape.bytesPerKey), (values(layer), shape.bytesPerValue)] {
                for head in 0..<shape.keyValueHeadCount {
                    let start = base + (head * capacity + slots.lowerBound) * byteCount
                    try body(UnsafeMutableRawBufferPointer(start: start, count: slots.count * byteCount))
                }
            }
        }
    }
}
