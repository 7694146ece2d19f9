import Models
import Tensors
import TestSupport
import Testing

/// Rings and plain arrays go through the same random history, and must agree after every step.
struct KVRingTests {
    @Test(
        "a ring holds what plain arrays hold, through passes, gaps, overflows, wraps and truncations",
        arguments: KVFormat.allCases, [0, 1, 5])
    func agreement(format: KVFormat, sinks: Int) {
        for seed in UInt64(0)..<40 {
            var generator = SeededGenerator(seed: seed)
            let limit = Int.random(in: sinks + 1...sinks + 40, using: &generator)
            let rollback = Int.random(in: 0...min(limit - sinks, 17), using: &generator)
            var model = ArrayRing(format, sinks: sinks, limit: limit, rollback: rollback)
            for _ in 0..<40 {
                if Int.random(in: 0..<5, using: &generator) == 0 {
                    model.truncate(to: Int.random(in: 0...model.ring.count, using: &generator))
                } else {
                    let rowCount = Int.random(in: 1...min(16, limit - sinks), using: &generator)
                    model.pass(rowCount: rowCount, using: &generator)
                }
                model.check(seed)
            }
        }
    }

    @Test("growing moves no entry and loses none")
    func growth() {
        var generator = SeededGenerator(seed: 1)
        var model = ArrayRing(.f16, sinks: 3, limit: 1500)
        while !model.ring.hasWrapped {
            model.pass(rowCount: Int.random(in: 100...400, using: &generator), using: &generator)
            model.check(1)
        }
        #expect(model.ring.capacity == 1500)
    }

    @Test("a ring grows in whole chunks up to its limit, and says how far beforehand")
    func chunks() {
        let ring = ArrayRing(.f32, sinks: 0, limit: 3000).ring
        let capacities = [
            (1, 256), (256, 256), (257, 512), (2000, 2048), (2049, 2560), (2900, 3000), (9000, 3000),
        ]
        for (entries, capacity) in capacities {
            let expected = capacity * ring.shape.bytesPerSlot
            #expect(ring.byteCount(reserving: entries) == expected)
            ring.reserve(entries)
            #expect(ring.capacity == capacity)
            #expect(ring.byteCount == expected)
            #expect(ring.layout.capacity == capacity)
        }
        #expect(ring.shape.byteCount(reserving: 2000) == 2048 * ring.shape.bytesPerSlot)
        #expect(ring.count == 0)
    }

    @Test("staged entries have positions before they are committed")
    func staging() {
        let ring = ArrayRing(.f16, sinks: 0, limit: 8).ring
        ring.reserve(3)
        for position in [0, 1, 7] { ring.stage(position) }
        #expect(ring.count == 0)
        #expect(ring.end == 8)
        #expect(ring.denseCount == 2)
        #expect(ring.position(of: 2) == 7)
        #expect(ring.entryCount(before: 7) == 2)
        #expect(ring.entryCount(before: 8) == 3)
        ring.commit(3)
        #expect(ring.count == 3)
    }

    @Test("truncating a wrapped ring removes all entries, as the earlier ones are overwritten")
    func truncationAfterWrapping() {
        var generator = SeededGenerator(seed: 2)
        var model = ArrayRing(.f16, sinks: 2, limit: 10)
        for _ in 0..<3 { model.pass(rowCount: 4, using: &generator) }
        #expect(model.ring.hasWrapped)
        model.ring.truncate(to: model.ring.count)
        #expect(model.ring.count == 12)
        model.truncate(to: 11)
        #expect(model.ring.count == 0)
        model.check(2)
        model.pass(rowCount: 4, using: &generator)
        model.check(2)
    }

    @Test("a wrapped ring takes its last entries back, as many as its shape says since it held the most")
    func rollback() {
        var generator = SeededGenerator(seed: 3)
        var model = ArrayRing(.f16, sinks: 2, limit: 20, rollback: 5)
        for _ in 0..<8 { model.pass(rowCount: 4, using: &generator) }
        for _ in 0..<10 {
            model.truncate(to: model.ring.count - 3)
            #expect(model.ring.count == 29)
            model.check(3)
            model.pass(rowCount: 3, using: &generator)
            model.check(3)
        }
        model.truncate(to: 29)
        model.truncate(to: 27)
        #expect(model.ring.count == 27)
        let copy = model.ring.copy()
        #expect(copy.written == 32)
        for ring in [copy, model.ring] {
            ring.truncate(to: 26)
            #expect(ring.count == 0)
        }
    }

    @Test(
        "a copy takes what is missing from the other ring, its overflow included, and keeps the rest",
        arguments: KVFormat.allCases)
    func copying(format: KVFormat) {
        for seed in UInt64(0)..<40 {
            var generator = SeededGenerator(seed: seed)
            let limit = Int.random(in: 1...700, using: &generator)
            var source = ArrayRing(format, sinks: 0, limit: limit)
            source.fill(Int.random(in: 1...limit, using: &generator), using: &generator)
            let anyEnd = Int.random(in: 0...source.ring.count, using: &generator)
            let end = seed.isMultiple(of: 2) ? anyEnd : source.overflowEntry ?? anyEnd
            var target = ArrayRing(format, sinks: 0, limit: limit)
            target.fill(Int.random(in: 0...end, using: &generator), using: &generator)
            target.copy(from: source, upTo: end)
            target.check(seed)
            source.check(seed)
            if end < limit {
                target.pass(rowCount: Int.random(in: 1...min(16, limit - end), using: &generator), using: &generator)
                target.check(seed)
            }
        }
    }
}

/// A ring, and the entries that it should hold.
///
/// Into the last eight bytes of each head's slot, `pass` writes a number of its own, as the kernels would write keys and values.
private struct ArrayRing {
    let ring: KVRing
    private var positions: [Int] = []
    /// Per entry, the number that all its slots were derived from.
    private var tags: [UInt64] = []
    private(set) var overflowEntry: Int?
    /// The highest number of entries since there were none.
    private var written = 0

    init(_ format: KVFormat, sinks: Int, limit: Int, rollback: Int = 0) {
        ring = KVRing(
            KVRing.Shape(
                layerCount: 2, keyValueHeadCount: 3, headWidth: 32, format: format, sinks: sinks, limit: limit,
                rollback: rollback))
    }

    /// Appends entries, most of them one position after the one before, and now and then one too large for float16.
    mutating func pass(rowCount: Int, isDense: Bool = false, using generator: inout SeededGenerator) {
        let ring = ring
        let capacity = ring.capacity
        let byteCount = ring.byteCount(reserving: ring.count + rowCount)
        ring.reserve(rowCount)
        #expect(ring.byteCount == byteCount)
        #expect(ring.capacity >= max(capacity, min(ring.count + rowCount, ring.shape.limit)))
        #expect(ring.capacity <= ring.shape.limit)
        for _ in 0..<rowCount {
            let isGap = !isDense && Int.random(in: 0..<20, using: &generator) == 0
            let position = ring.end + (isGap ? Int.random(in: 1...3, using: &generator) : 0)
            ring.stage(position)
            positions.append(position)
            tags.append(generator.next())
            write(positions.count - 1)
        }
        ring.commit(rowCount)
        written = max(written, positions.count)
        if Int.random(in: 0..<8, using: &generator) == 0 {
            let entry = Int.random(in: ring.count - rowCount..<ring.count, using: &generator)
            overflowEntry = min(overflowEntry ?? entry, entry)
            ring.firstOverflow.pointee = min(ring.firstOverflow.pointee, Int64(entry))
        }
    }

    /// Passes without gaps, up to `count` entries.
    mutating func fill(_ count: Int, using generator: inout SeededGenerator) {
        while ring.count < count {
            pass(rowCount: min(count - ring.count, 64), isDense: true, using: &generator)
        }
    }

    mutating func truncate(to newCount: Int) {
        ring.truncate(to: newCount)
        guard newCount < positions.count else { return }
        let kept = written > ring.capacity && written - newCount > ring.shape.rollback ? 0 : newCount
        if kept == 0 || written <= ring.capacity { written = kept }
        positions.removeSubrange(kept...)
        tags.removeSubrange(kept...)
        if let entry = overflowEntry, entry >= kept { overflowEntry = nil }
    }

    mutating func copy(from other: ArrayRing, upTo end: Int) {
        ring.copy(from: other.ring, upTo: end)
        written = end
        positions += other.positions[positions.count..<end]
        tags += other.tags[tags.count..<end]
        if let entry = other.overflowEntry, entry < end { overflowEntry = min(overflowEntry ?? entry, entry) }
    }

    func check(_ seed: UInt64) {
        #expect(ring.count == positions.count, "seed \(seed)")
        #expect(ring.hasWrapped == (written > ring.capacity), "seed \(seed)")
        #expect(ring.end == positions.last.map { $0 + 1 } ?? 0, "seed \(seed)")
        #expect(ring.denseCount == zip(positions, 0...).prefix { $0 == $1 }.count, "seed \(seed)")
        #expect(positions.indices.map { ring.position(of: $0) } == positions, "seed \(seed)")
        for position in stride(from: 0, through: ring.end + 2, by: ring.end / 64 + 1) {
            let before = positions.count(where: { $0 < position })
            #expect(ring.entryCount(before: position) == before, "seed \(seed), position \(position)")
        }
        #expect(ring.overflowPosition == overflowEntry.map { positions[$0] }, "seed \(seed)")
        #expect(positions.indices.filter { isKept($0) && !isIntact($0) } == [], "seed \(seed)")
    }

    /// Sinks, and as many of the last entries written as there are other slots.
    private func isKept(_ entry: Int) -> Bool {
        entry < ring.shape.sinks || entry >= written - (ring.capacity - ring.shape.sinks)
    }

    private func isIntact(_ entry: Int) -> Bool {
        slots(of: entry).allSatisfy { $0.address.loadUnaligned(as: UInt64.self) == tags[entry] &+ $0.salt }
    }

    private func write(_ entry: Int) {
        for slot in slots(of: entry) { slot.address.storeBytes(of: tags[entry] &+ slot.salt, as: UInt64.self) }
    }

    /// Where an entry's keys and values lie, and what tells these places apart.
    private func slots(of entry: Int) -> [(address: UnsafeMutableRawPointer, salt: UInt64)] {
        let (shape, capacity) = (ring.shape, ring.capacity)
        let slot = entry < shape.sinks ? entry : shape.sinks + (entry - shape.sinks) % (capacity - shape.sinks)
        var slots: [(address: UnsafeMutableRawPointer, salt: UInt64)] = []
        for layer in 0..<shape.layerCount {
            for head in 0..<shape.keyValueHeadCount {
                let end = head * capacity + slot + 1
                for (base, byteCount) in [
                    (ring.keys(layer), shape.format.keyByteCount(headWidth: shape.headWidth)),
                    (ring.values(layer), shape.format.valueByteCount(headWidth: shape.headWidth)),
                ] {
                    slots.append((address: base + end * byteCount - 8, salt: UInt64(slots.count)))
                }
            }
        }
        return slots
    }
}
