/// The number of entries in the rings of trunk and head.
package struct RingEntries: Sendable, Equatable {
    package let trunk: Int
    package let head: Int

    /// The entries that `plan` needs for the first `count` positions.
    package init(_ plan: any DecodePlan, positions count: Int, promptCount: Int) {
        trunk = plan.trunkCount(before: count, promptCount: promptCount)
        head = count
    }
}
