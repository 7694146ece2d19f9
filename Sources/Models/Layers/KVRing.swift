import Tensors

/// Keys and values of one group of layers, one slot an entry: `[layer][kvHead][slot][headWidth]`.
///
/// Entry k is the token at position k, but where the layers never see some tokens: then entries lie at the positions of
/// those that they do see. Entry k sits in slot k while k < sinks, else in `sinks + (k − sinks) mod (capacity − sinks)`.
/// The ring grows in chunks up to `limit` slots; with a window that limit is what the widest pass needs, and memory use
/// stays constant.
///
/// Invariant: entries `0 ..< count` have been written, and the last `capacity − sinks` of them (and the sinks) are
/// still there.
package final class KVRing {
    package struct Shape: Sendable {
        package let layerCount: Int
        package let keyValueHeadCount: Int
        package let headWidth: Int
        package let format: KVFormat
        /// First positions that every query sees, whatever the window; no more entries than these are kept for ever.
        package let sinks: Int
        /// Most slots a layer may have.
        package let limit: Int

        package init(
            layerCount: Int, keyValueHeadCount: Int, headWidth: Int, format: KVFormat, sinks: Int, limit: Int
        ) {
            self.layerCount = layerCount
            self.keyValueHeadCount = keyValueHeadCount
            self.headWidth = headWidth
            self.format = format
            self.sinks = sinks
            self.limit = limit
        }

        /// A ring for `layerCount` layers of a model.
        package init(
            _ model: ModelConfiguration, layerCount: Int, format: KVFormat, sinks: Int, limit: Int
        ) {
            self.init(
                layerCount: layerCount, keyValueHeadCount: model.keyValueHeadCount, headWidth: model.headWidth,
                format: format, sinks: sinks, limit: limit)
        }

        /// Bytes of keys and values for one position in all layers.
        package var bytesPerSlot: Int { 2 * layerCount * keyValueHeadCount * bytesPerHeadSlot }

        /// Bytes of one head's key at one position, and of its value.
        var bytesPerHeadSlot: Int { headWidth * format.bytesPerValue }

        /// Bytes that a new ring takes once it has room for so many entries.
        package func byteCount(reserving entries: Int) -> Int { capacity(for: entries, from: 0) * bytesPerSlot }

        /// Slots that a ring with `capacity` of them gets where so many entries are needed.
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
    /// Of the entries, and of those that the next pass writes as far as `stage` has said.
    private var positions = EntryPositions()
    /// Slots of each layer at present.
    package private(set) var capacity = 0
    private var layers: [Slabs] = []
    /// One entry, or `Int64.max` for none.
    private let overflow = AlignedBuffer<Int64>(count: 1)

    package init(_ shape: Shape) {
        self.shape = shape
        layers = (0..<shape.layerCount).map { _ in Slabs(byteCount: 0) }
        overflow.pointer.pointee = .max
    }

    /// The first position with a key or value too large for float16, or nil: whatever attends to it is wrong.
    package var overflowPosition: Int? { overflowEntry.map { positions[$0] } }

    private var overflowEntry: Int? { overflow.pointer.pointee == .max ? nil : Int(overflow.pointer.pointee) }

    /// Where passes note the entry of `overflowPosition`.
    var firstOverflow: UnsafeMutablePointer<Int64> { overflow.pointer }

    /// Bytes allocated for keys and values.
    package var byteCount: Int { capacity * shape.bytesPerSlot }

    /// How each layer's keys and values lie at present.
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
        let roomy = shape.capacity(for: count + rowCount, from: capacity)
        if roomy > capacity { grow(to: roomy) }
    }

    /// Bytes for keys and values once there is room for so many entries.
    package func byteCount(reserving entries: Int) -> Int {
        shape.capacity(for: entries, from: capacity) * shape.bytesPerSlot
    }

    /// Says where the next entry that a pass writes lies; where nobody does, entries follow each other.
    package func stage(_ position: Int) { positions.append(position) }

    /// Makes sure that the next `rowCount` entries have their positions.
    func stageRest(of rowCount: Int) {
        while positions.count < count + rowCount { positions.append(positions.end) }
    }

    /// Says that every layer's keys and values of the next `rowCount` entries have been written.
    ///
    /// - Precondition: these have been staged, and no others.
    package func commit(_ rowCount: Int) {
        count += rowCount
        precondition(positions.count == count)
    }

    /// The position after the last entry's.
    package var end: Int { positions.end }

    /// First entries that lie at the position of their own number.
    package var denseCount: Int { positions.denseCount }

    /// Where an entry lies, written or staged.
    package func position(of entry: Int) -> Int { positions[entry] }

    /// How many entries, written or staged, lie before `position`.
    package func entryCount(before position: Int) -> Int { positions.count(before: position) }

    /// Forgets entries from `newCount` on; all of them where the ring has wrapped, since it cannot go back to what
    /// it overwrote.
    package func truncate(to newCount: Int) {
        precondition(newCount <= count)
        guard newCount < count else { return }
        count = hasWrapped ? 0 : newCount
        if let entry = overflowEntry, entry >= count { overflow.pointer.pointee = .max }
        positions.truncate(to: count)
    }

    /// Whether the first entries, sinks left out, have been overwritten.
    package var hasWrapped: Bool { count > capacity }

    /// Takes over the keys and values of entries `count ..< end` from a ring of the same shape.
    ///
    /// - Precondition: `other` has them at the positions of their number, and has not wrapped: entry, position and slot are
    ///   then the same number in both.
    package func copy(from other: KVRing, upTo end: Int) {
        precondition(count <= end && end <= other.denseCount && !other.hasWrapped && !hasWrapped)
        stageRest(of: end - count)
        reserve(end - count)
        for layer in layers.indices {
            copy(count..<end, of: other.layers[layer], other.capacity, to: layers[layer], capacity)
        }
        count = end
        if let entry = other.overflowEntry, entry < end {
            overflow.pointer.pointee = min(overflow.pointer.pointee, Int64(entry))
        }
    }

    /// Slots keep their numbers, since a ring grows only before its first wrap.
    private func grow(to newCapacity: Int) {
        for layer in layers.indices {
            let grown = Slabs(byteCount: newCapacity * shape.bytesPerHeadSlot * shape.keyValueHeadCount)
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
            let from = (head * oldCapacity + slots.lowerBound) * shape.bytesPerHeadSlot
            let to = (head * newCapacity + slots.lowerBound) * shape.bytesPerHeadSlot
            let count = slots.count * shape.bytesPerHeadSlot
            (new.keys.pointer + to).update(from: old.keys.pointer + from, count: count)
            (new.values.pointer + to).update(from: old.values.pointer + from, count: count)
        }
    }

    /// One layer's keys and values, each `[kvHead][slot][headWidth]`.
    private struct Slabs {
        let keys: AlignedBuffer<UInt8>
        let values: AlignedBuffer<UInt8>

        init(byteCount: Int) {
            keys = AlignedBuffer(count: byteCount)
            values = AlignedBuffer(count: byteCount)
        }
    }
}
