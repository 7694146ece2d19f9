/// Copies of a ring's contents, in memory and on disk.
extension KVRing {
    /// Calls `body` with the stored keys and values, part by part: for each layer the keys of each KV head, then the values of each;
    /// a part is [slot][headWidth].
    package func forEachPart<Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        try forEachPart(slots: min(written, capacity), body)
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
        try forEachPart(slots: min(written, capacity), fill)
        commit(positions.count)
        self.written = written
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
        slots: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        for layer in 0..<shape.layerCount {
            for base in [keys(layer), values(layer)] {
                for head in 0..<shape.keyValueHeadCount {
                    let start = base + head * capacity * shape.bytesPerHeadSlot
                    try body(UnsafeMutableRawBufferPointer(start: start, count: slots * shape.bytesPerHeadSlot))
                }
            }
        }
    }
}
