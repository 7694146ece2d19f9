/// The position of each entry of a ring, in ascending order. The first `denseCount` entries have position = entry.
struct EntryPositions {
    /// The number of leading entries whose position is their own number.
    private(set) var denseCount = 0
    /// Positions of the entries after the dense ones.
    private var later: [Int] = []

    var count: Int { denseCount + later.count }

    /// The position after the last entry's.
    var end: Int { later.last.map { $0 + 1 } ?? denseCount }

    subscript(entry: Int) -> Int { entry < denseCount ? entry : later[entry - denseCount] }

    /// The number of entries before `position`.
    func count(before position: Int) -> Int {
        guard position > denseCount, !later.isEmpty else { return min(position, denseCount) }
        var (low, high) = (0, later.count)
        while low < high {
            let middle = (low + high) / 2
            if later[middle] < position { low = middle + 1 } else { high = middle }
        }
        return denseCount + low
    }

    /// - Precondition: `position` is at least `end`.
    mutating func append(_ position: Int) {
        precondition(position >= end)
        if later.isEmpty, position == denseCount { denseCount += 1 } else { later.append(position) }
    }

    /// Removes the entries from `count` on.
    mutating func truncate(to count: Int) {
        later.removeLast(max(0, later.count - max(0, count - denseCount)))
        denseCount = min(denseCount, count)
    }
}
