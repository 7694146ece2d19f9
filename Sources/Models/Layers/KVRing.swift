import Tensors

/// The KV cache of one group of layers, one slot per entry: `[layer][kvHead][slot][headWidth]`.
///
/// Entry k is the token at position k, unless the layers skip some tokens: then `EntryPositions` maps entries to positions.
/// Entry k is in slot k if k < sinks, else in `sinks + (k − sinks) mod (capacity − sinks)`.
/// The ring grows in chunks up to `limit` slots. With a window, the limit is the window plus the widest pass, so memory use
/// stays constant, and the last entries can be removed again.
///
/// Invariant: entries `0 ..< count` have been written; the sinks and the entries from `written − (capacity − sinks)` on are still
/// stored.
package final class KVRing {
    package struct Shape: Sendable {
        package let layerCount: Int
        package let keyValueHeadCount: Int
        package let headWidth: Int
        package let format: KVFormat
        /// First positions that every query sees, whatever the window; their entries are never overwritten.
        package let sinks: Int
        /// Maximum number of slots per layer.
        package let limit: Int
        /// Maximum number of last entries that can be removed from a ring that has wrapped: the window of the next query is then
        /// still stored.
        package let rollback: Int

        package init(
            layerCount: Int, keyValueHeadCount: Int, headWidth: Int, format: KVFormat, sinks: Int, limit: Int,
            rollback: Int = 0
        ) {
            self.layerCount = layerCount
            self.keyValueHeadCount = keyValueHeadCount
            self.headWidth = headWidth
            self.format = format
            self.sinks = sinks
            self.limit = limit
            self.rollback = rollback
        }

        /// A ring for `layerCount` layers of a model.
        package init(
            _ model: ModelConfiguration, layerCount: Int, format: KVFormat, sinks: Int, limit: Int, rollback: Int = 0
        ) {
            self.init(
                layerCount: layerCount, keyValueHeadCount: model.keyValueHeadCount, headWidth: model.headWidth,
                format: format, sinks: sinks, limit: limit, rollback: rollback)
        }

        /// Bytes of one entry's keys and values in all layers.
        package var bytesPerSlot: Int { layerCount * keyValueHeadCount * (bytesPerKey + bytesPerValue) }

        /// Bytes of one entry's key for one KV head.
        var bytesPerKey: Int { format.keyByteCount(headWidth: headWidth) }

        /// Bytes of one entry's value for one KV head.
        var bytesPerValue: Int { format.valueByteCount(headWidth: headWidth) }

        /// Bytes of a new ring with room for `entries`.
        package func byteCount(reserving entries: Int) -> Int { capacity(for: entries, from: 0) * bytesPerSlot }

        /// The number of slots that a ring of `capacity` slots grows to in order to hold `entries`.
        func capacity(for entries: Int, from capacity: Int) -> Int {
            let needed = min(entries, limit)
            guard needed > capacity else { return capacity }
            let chunk = max(256, capacity / 4)
            return min((needed + chunk - 1) / chunk * chunk, limit)
        }
    }

    package let shape: Shape
    /// Entries written so far; the next pass starts at this entry.
    package private(set) var count = 0
    /// The highest `count` since the ring was last empty. Entries that were removed have overwritten older ones.
    package internal(set) var written = 0
    /// Positions of the entries, and of staged ones that the next pass writes.
    private var positions = EntryPositions()
    /// Current number of slots per layer.
    package private(set) var capacity = 0
    private var layers: [Slabs] = []
    /// The entry of `overflowPosition`, or `Int64.max` for none.
    private let overflow = AlignedBuffer<Int64>(count: 1)

    package init(_ shape: Shape) {
        self.shape = shape
        layers = (0..<shape.layerCount).map { _ in Slabs(shape, capacity: 0) }
        overflow.pointer.pointee = .max
    }

    /// The first position with a key or value too large for its format; nil if there is none. Outputs that attend to it are wrong.
    package var overflowPosition: Int? { overflowEntry.map { positions[$0] } }

    private var overflowEntry: Int? { overflow.pointer.pointee == .max ? nil : Int(overflow.pointer.pointee) }

    /// Where kernels write the entry of `overflowPosition`.
    package var firstOverflow: UnsafeMutablePointer<Int64> { overflow.pointer }

    /// Bytes allocated for keys and values.
    package var byteCount: Int { capacity * shape.bytesPerSlot }

    /// The current memory layout of each layer's keys and values.
    package var layout: RingLayout {
        RingLayout(
            format: shape.format, capacity: capacity, sinks: shape.sinks,
            keyValueHeadCount: shape.keyValueHeadCount, headWidth: shape.headWidth)
    }

    package func keys(_ layer: Int) -> UnsafeMutableRawPointer { UnsafeMutableRawPointer(layers[layer].keys.pointer) }
    package func values(_ layer: Int) -> UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(layers[layer].values.pointer)
    }

    /// Makes room for a pass over entries `count ..< count + rowCount`.
    package func reserve(_ rowCount: Int) {
        let needed = shape.capacity(for: count + rowCount, from: capacity)
        if needed > capacity { grow(to: needed) }
    }

    /// Bytes of keys and values with room for `entries`.
    package func byteCount(reserving entries: Int) -> Int {
        shape.capacity(for: entries, from: capacity) * shape.bytesPerSlot
    }

    /// Sets the position of the next entry that a pass writes. The default is the position after the last entry's.
    package func stage(_ position: Int) { positions.append(position) }

    /// Stages what is missing of the next `rowCount` entries at the positions after the last entry's.
    func stageRest(of rowCount: Int) {
        while positions.count < count + rowCount { positions.append(positions.end) }
    }

    /// Counts the next `rowCount` entries as written in every layer.
    ///
    /// - Precondition: exactly these entries have been staged.
    package func commit(_ rowCount: Int) {
        count += rowCount
        written = max(written, count)
        precondition(positions.count == count)
    }

    /// The position after that of the last entry.
    package var end: Int { positions.end }

    /// The number of leading entries whose position is their own number.
    package var denseCount: Int { positions.denseCount }

    /// The position of an entry, written or staged.
    package func position(of entry: Int) -> Int { positions[entry] }

    /// The number of entries, written or staged, before `position`.
    package func entryCount(before position: Int) -> Int { positions.count(before: position) }

    /// Removes the entries from `newCount` on. A ring that has wrapped removes all entries if these are more than it can take back:
    /// an entry of the next query's window may then be overwritten.
    package func truncate(to newCount: Int) {
        precondition(newCount <= count)
        guard newCount < count else { return }
        count = hasWrapped && written - newCount > shape.rollback ? 0 : newCount
        if count == 0 || !hasWrapped { written = count }
        if let entry = overflowEntry, entry >= count { overflow.pointer.pointee = .max }
        positions.truncate(to: count)
    }

    /// Whether the oldest entries after the sinks have been overwritten.
    package var hasWrapped: Bool { written > capacity }

    /// Copies the keys and values of entries `count ..< end` from a ring of the same shape.
    ///
    /// - Precondition: in `other` these entries are dense, and neither ring has wrapped. Entry, position and slot are then the
    ///   same number in both.
    package func copy(from other: KVRing, upTo end: Int) {
        precondition(count <= end && end <= other.denseCount && !other.hasWrapped && !hasWrapped)
        stageRest(of: end - count)
        reserve(end - count)
        for layer in layers.indices {
            copy(count..<end, of: other.layers[layer], other.capacity, to: layers[layer], capacity)
        }
        (count, written) = (end, end)
        if let entry = other.overflowEntry, entry < end {
            overflow.pointer.pointee = min(overflow.pointer.pointee, Int64(entry))
        }
    }

    /// Grows the ring. Slots keep their numbers, because a ring grows only before it first wraps.
    private func grow(to newCapacity: Int) {
        for layer in layers.indices {
            let grown = Slabs(shape, capacity: newCapacity)
            copy(0..<capacity, of: layers[layer], capacity, to: grown, newCapacity)
            layers[layer] = grown
        }
        capacity = newCapacity
    }

    private func copy(
        _ slots: Range<Int>, of old: Slabs, _ oldCapacity: Int, to new: Slabs, _ newCapacity: Int
    ) {
        guard !slots.isEmpty else { return }
        for head in 0..<shape.keyValueHeadCount {
            let (from, to) = (head * oldCapacity + slots.lowerBound, head * newCapacity + slots.lowerBound)
            for (source, target, byteCount) in [
                (old.keys, new.keys, shape.bytesPerKey), (old.values, new.values, shape.bytesPerValue),
            ] {
                (target.pointer + to * byteCount).update(
                    from: source.pointer + from * byteCount, count: slots.count * byteCount)
            }
        }
    }

    /// One layer's keys and values, each `[kvHead][slot][headWidth]`.
    private struct Slabs {
        let keys: AlignedBuffer<UInt8>
        let values: AlignedBuffer<UInt8>

        init(_ shape: Shape, capacity: Int) {
            keys = AlignedBuffer(count: capacity * shape.keyValueHeadCount * shape.bytesPerKey)
            values = AlignedBuffer(count: capacity * shape.keyValueHeadCount * shape.bytesPerValue)
        }
    }
}
