/// Drafted tokens, and how many of them the model chose, by place: index 0 is the first draft after a token of the model's own.
public struct DraftCounts: Sendable, Equatable {
    public private(set) var drafted: [Int] = []
    public private(set) var accepted: [Int] = []

    package init() {}

    /// Counts the drafts of one verification, of which the model chose the first `acceptedCount`.
    mutating func add(_ count: Int, acceptedCount: Int) {
        extend(to: count)
        for place in 0..<count { drafted[place] += 1 }
        for place in 0..<acceptedCount { accepted[place] += 1 }
    }

    /// The share of drafts at each place that the model chose.
    public var acceptance: [Double] { zip(accepted, drafted).map { Double($0) / Double($1) } }

    public var draftedTotal: Int { drafted.reduce(0, +) }
    public var acceptedTotal: Int { accepted.reduce(0, +) }

    package static func += (total: inout DraftCounts, more: DraftCounts) {
        total.extend(to: more.drafted.count)
        for place in more.drafted.indices {
            total.drafted[place] += more.drafted[place]
            total.accepted[place] += more.accepted[place]
        }
    }

    private mutating func extend(to placeCount: Int) {
        let missing = max(0, placeCount - drafted.count)
        drafted += repeatElement(0, count: missing)
        accepted += repeatElement(0, count: missing)
    }

    /// The drafts since `earlier`.
    package static func - (later: DraftCounts, earlier: DraftCounts) -> DraftCounts {
        var difference = later
        for place in earlier.drafted.indices {
            difference.drafted[place] -= earlier.drafted[place]
            difference.accepted[place] -= earlier.accepted[place]
        }
        while difference.drafted.last == 0 {
            difference.drafted.removeLast()
            difference.accepted.removeLast()
        }
        return difference
    }
}
