/// Copies of a ring's contents, in memory and on disk.
extension KVRing {
    /// Calls `body` with the stored keys and values, part by part: for each layer the keys of each KV head, then the values of each;
    /// a part is [slot][headWidth].
    package func forEachPart<Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        try forEachPart(slots: min(count, capacity), body)
    }

    /// Gives an empty ring entries at `positions`, ascending. `fill` writes their keys and values, in the order of `forEachPart`. If it
    /// throws, the ring must not be used.
    package func restore<Failure: Error>(
        _ positions: [Int], fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(count == 0)
        for position in positions { stage(position) }
        reserve(positions.count)
        try forEachPart(slots: min(positions.count, capacity), fill)
        commit(positions.count)
    }

    /// An independent ring with the same contents.
    package func copy() -> KVRing {
        var parts: [UnsafeMutableRawBufferPointer] = []
        forEachPart { parts.append($0) }
        let copy = KVRing(shape)
        var next = 0
        copy.restore((0..<count).map(position(of:))) { part in
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
