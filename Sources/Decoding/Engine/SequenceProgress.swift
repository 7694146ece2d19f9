/// The progress of trunk and head over a sequence: the input of `PassPlan`.
package struct SequenceProgress {
    package let plan: any DecodePlan
    package let promptCount: Int
    package let tokenCount: Int
    /// The position after the last one that the trunk has seen.
    package let trunkEnd: Int
    /// The number of positions that the head has seen.
    package let headCount: Int
    /// The number of positions that the sequence can still take.
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

    /// The number of tokens to draft. Drafts follow the last token, once it is the only one that the head has not seen.
    var draftCount: Int {
        guard let drafting = plan.drafting, headCount >= promptCount, headCount == tokenCount - 1 else { return 0 }
        // The context's last position needs no draft after it.
        return max(0, min(drafting.count, remainingPositions - 1))
    }

    /// The number of drafts that the trunk's pass runs over: those that are there before it.
    func draftCountInTrunk(of draftCount: Int) -> Int { plan.drafting?.source == .head ? draftCount : 0 }

    /// The number of positions before `position` that the plan lets the trunk see.
    package func trunkCount(before position: Int) -> Int { plan.trunkCount(before: position, promptCount: promptCount) }

    package func needsTrunk(at position: Int) -> Bool {
        plan.headInput(at: position, promptCount: promptCount).needsTrunk
    }
}
