/// The number of tokens to draft next. It grows after drafts that were all accepted. After drafts that were all rejected, drafting
/// pauses, so that unpredictable text costs little more than without drafts.
package struct DraftPace: Sendable, Equatable {
    private static let firstLength = 4
    private static let longestPause = 32

    private var length = Self.firstLength
    private var pause = 0
    private var waiting = 0

    package init() {}

    /// The number of tokens to draft in the next pass, at most `maximum`.
    package func length(maximum: Int) -> Int { waiting > 0 ? 0 : min(length, maximum) }

    /// Notes a pass that was not to draft.
    package mutating func rest() { waiting = max(0, waiting - 1) }

    package mutating func judge(drafted: Int, accepted: Int) {
        if accepted == drafted {
            length = min(2 * max(length, drafted), SelfSpeculativePlan.draftCounts.upperBound)
            pause = 0
        } else if accepted > 0 {
            length = accepted + 1
            pause = 0
        } else {
            length = max(1, length / 2)
            pause = min(2 * pause + 1, Self.longestPause)
            waiting = pause
        }
    }
}
