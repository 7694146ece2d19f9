import Tensors

/// The trunk's outputs T that the head may still need, one row per entry of the trunk's ring, in a ring buffer.
///
/// With them a conversation's next turn can rebuild the head's keys and values without running the trunk again.
package struct TrunkOutputs {
    /// Floats in a row.
    let width: Int
    /// Maximum number of rows.
    let limit: Int
    /// Entries `start ..< end` are stored.
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

    /// Appends `count` rows as the entries from `end` on, and discards the oldest rows beyond `limit`.
    package mutating func append(_ source: UnsafePointer<Float>, count: Int) {
        precondition(count <= limit)
        start = max(start, end + count - limit)
        reserve(end + count - start)
        for row in 0..<count {
            slot(end + row).update(from: source + row * width, count: width)
        }
        end += count
    }

    /// Discards the rows before `entry`.
    package mutating func discard(before entry: Int) { start = min(max(start, entry), end) }

    /// Removes the rows from `entry` on; the next row is that of `entry`.
    package mutating func truncate(to entry: Int) {
        start = min(start, entry)
        end = entry
    }

    /// Discards all rows; the next row is that of `entry`.
    package mutating func skip(to entry: Int) { (start, end) = (entry, entry) }

    /// An independent copy.
    func copy() -> TrunkOutputs {
        var copy = TrunkOutputs(width: width, limit: limit)
        copy.skip(to: start)
        for entry in start..<end { copy.append(row(entry), count: 1) }
        return copy
    }

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
