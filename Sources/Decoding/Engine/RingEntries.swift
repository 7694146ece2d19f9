/// Entries of keys and values that trunk and head hold.
package struct RingEntries: Sendable, Equatable {
    package let trunk: Int
    package let head: Int

    /// The entries that `plan` needs once it has run the first `count` positions.
    package init(_ plan: any DecodePlan, positions count: Int, promptCount: Int) {
        trunk = plan.trunkCount(before: count, promptCount: promptCount)
        head = count
    }
}
