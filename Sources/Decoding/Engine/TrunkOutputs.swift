import Tensors

/// The trunk's outputs T that the head may still be fed, one row for each entry of the trunk's ring, in a ring of rows.
///
/// They let a conversation's next turn rebuild the head's K/V without running the trunk again.
package struct TrunkOutputs {
    /// Floats in a row.
    let width: Int
    /// Most rows that are kept.
    let limit: Int
    /// Entries `start ..< end` are here.
    package private(set) var start = 0
    package private(set) var end = 0
    private var capacity = 0
    private var rows = AlignedBuffer<Float>(count: 0)

    package init(width: Int, limit: Int) {
        self.width = width
        self.limit = limit
    }

    package func row(_ entry: Int) -> UnsafeMutablePointer<Float> {
        precondition(entry >= start && entry < end)
        return slot(entry)
    }

    /// Takes `count` rows, the entries from `end` on, and lets go of the oldest beyond `limit`.
    package mutating func append(_ source: UnsafePointer<Float>, count: Int) {
        precondition(count <= limit)
        start = max(start, end + count - limit)
        reserve(end + count - start)
        for row in 0..<count {
            slot(end + row).update(from: source + row * width, count: width)
        }
        end += count
    }

    /// Lets go of the rows before `entry`.
    package mutating func discard(before entry: Int) { start = min(max(start, entry), end) }

    /// Forgets the rows from `entry` on; the next one is that of `entry`.
    package mutating func truncate(to entry: Int) {
        start = min(start, entry)
        end = entry
    }

    /// Lets go of all rows; the next one is that of `entry`.
    package mutating func skip(to entry: Int) { (start, end) = (entry, entry) }

    private func slot(_ entry: Int) -> UnsafeMutablePointer<Float> { rows.pointer + entry % capacity * width }

    private mutating func reserve(_ needed: Int) {
        guard needed > capacity else { return }
        let old = self
        capacity = min(limit, max(needed, capacity + max(256, capacity / 4)))
        rows = AlignedBuffer(count: capacity * width)
        for entry in start..<end {
            slot(entry).update(from: old.slot(entry), count: width)
        }
    }
}
