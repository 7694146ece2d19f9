/// How far trunk and head have come over a sequence: all that `PassPlan` needs to know of it.
package struct SequenceProgress {
    package let plan: any DecodePlan
    package let promptCount: Int
    package let tokenCount: Int
    /// The position after the last that the trunk has seen.
    package let trunkEnd: Int
    /// Positions that the head has seen.
    package let headCount: Int
    /// Positions that the sequence can still take.
    package let remainingPositions: Int

    package init(
        plan: any DecodePlan, promptCount: Int, tokenCount: Int, trunkEnd: Int, headCount: Int, remainingPositions: Int
    ) {
        self.plan = plan
        self.promptCount = promptCount
        self.tokenCount = tokenCount
        self.trunkEnd = trunkEnd
        self.headCount = headCount
        self.remainingPositions = remainingPositions
    }

    /// Tokens to be drafted: only after the last token, and only when that is all that the head lacks.
    var draftCount: Int {
        guard let drafting = plan.drafting, headCount >= promptCount, headCount == tokenCount - 1 else { return 0 }
        // The context's last position needs no draft after it.
        return max(0, min(drafting.count, remainingPositions - 1))
    }

    /// Positions that the trunk ever runs over, of those before `position`.
    package func trunkCount(before position: Int) -> Int { plan.trunkCount(before: position, promptCount: promptCount) }

    package func needsTrunk(at position: Int) -> Bool {
        plan.headInput(at: position, promptCount: promptCount).needsTrunk
    }
}
