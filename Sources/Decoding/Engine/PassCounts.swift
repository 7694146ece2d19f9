/// The number of trunk passes and head passes, and of the rows that they ran over.
public struct PassCounts: Sendable, Equatable {
    /// Passes of the trunk.
    public private(set) var trunkPasses = 0
    /// Tokens that the trunk ran over.
    public private(set) var trunkRows = 0
    /// Passes of the head.
    public private(set) var headPasses = 0
    /// Tokens that the head ran over.
    public private(set) var headRows = 0

    mutating func countTrunk(_ rows: Int) {
        trunkPasses += 1
        trunkRows += rows
    }

    mutating func countHead(_ rows: Int) {
        headPasses += 1
        headRows += rows
    }

    package init() {}

    package static func += (total: inout PassCounts, more: PassCounts) {
        total.trunkPasses += more.trunkPasses
        total.trunkRows += more.trunkRows
        total.headPasses += more.headPasses
        total.headRows += more.headRows
    }

    /// The passes and rows since `earlier`.
    public static func - (later: PassCounts, earlier: PassCounts) -> PassCounts {
        var difference = later
        difference.trunkPasses -= earlier.trunkPasses
        difference.trunkRows -= earlier.trunkRows
        difference.headPasses -= earlier.headPasses
        difference.headRows -= earlier.headRows
        return difference
    }
}
