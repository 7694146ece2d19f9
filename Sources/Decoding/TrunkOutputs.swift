import Tensors

/// The trunk's outputs T that the head may still be fed, one row a position, in a ring of rows.
///
/// They let a conversation's next turn rebuild the head's K/V without running the trunk again.
struct TrunkOutputs {
    /// Floats in a row.
    let width: Int
    /// Most rows that are kept.
    let limit: Int
    /// Positions `start ..< end` are here.
    private(set) var start = 0
    private(set) var end = 0
    private var capacity = 0
    private var rows = AlignedBuffer<Float>(count: 0)

    init(width: Int, limit: Int) {
        self.width = width
        self.limit = limit
    }

    func row(_ position: Int) -> UnsafeMutablePointer<Float> {
        precondition(position >= start && position < end)
        return slot(position)
    }

    /// Takes `count` rows, the positions from `end` on, and lets go of the oldest beyond `limit`.
    mutating func append(_ source: UnsafePointer<Float>, count: Int) {
        precondition(count <= limit)
        start = max(start, end + count - limit)
        reserve(end + count - start)
        for row in 0..<count {
            slot(end + row).update(from: source + row * width, count: width)
        }
        end += count
    }

    /// Lets go of the rows before `position`.
    mutating func discard(before position: Int) { start = min(max(start, position), end) }

    /// Forgets the rows from `position` on; the next one is that of `position`.
    mutating func truncate(to position: Int) {
        start = min(start, position)
        end = position
    }

    /// Lets go of all rows; the next one is that of `position`.
    mutating func skip(to position: Int) { (start, end) = (position, position) }

    private func slot(_ position: Int) -> UnsafeMutablePointer<Float> { rows.pointer + position % capacity * width }

    private mutating func reserve(_ needed: Int) {
        guard needed > capacity else { return }
        let old = self
        capacity = min(limit, max(needed, capacity + max(256, capacity / 4)))
        rows = AlignedBuffer(count: capacity * width)
        for position in start..<end {
            slot(position).update(from: old.slot(position), count: width)
        }
    }
}
