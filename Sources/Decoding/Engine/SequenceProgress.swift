/// The progress of trunk and head over a sequence: the input of `PassPlan`.
package struct SequenceProgress {
    package let plan: any DecodePlan
    package let text: TextLayout
    /// The position after the last one that the trunk has seen.
    package let trunkEnd: Int
    /// The number of positions that the head has seen.
    package let headCount: Int
    /// The number of positions that the sequence can still take.
    package let remainingPositions: Int
    /// How many tokens a drafter that follows acceptance drafts.
    package let draftPace: DraftPace

    package init(
        plan: any DecodePlan, text: TextLayout, trunkEnd: Int, headCount: Int, remainingPositions: Int,
        draftPace: DraftPace = DraftPace()
    ) {
        self.plan = plan
        self.text = text
        self.trunkEnd = trunkEnd
        self.headCount = headCount
        self.remainingPositions = remainingPositions
        self.draftPace = draftPace
    }

    /// The head that runs the next position.
    var nextHeadPart: HeadPart { needsTrunk(at: headCount) ? .own : .cycle }

    /// The number of next positions that the same head runs, and of the drafts after them.
    var likeRowCount: Int {
        let next = needsTrunk(at: headCount)
        let end = (headCount..<text.tokenCount).first { needsTrunk(at: $0) != next } ?? text.tokenCount
        return end - headCount + (end == text.tokenCount ? draftCount : 0)
    }

    /// The number of tokens to draft. Drafts follow the last token, once it is the only one that the head has not seen.
    var draftCount: Int {
        guard let drafting = plan.drafting, headCount >= text.promptCount, headCount == text.tokenCount - 1 else {
            return 0
        }
        // The context's last position needs no draft after it.
        let count = drafting.isPaced ? draftPace.length(maximum: drafting.count) : drafting.count
        return max(0, min(count, remainingPositions - 1))
    }

    /// The number of drafts that the trunk's pass runs over: those that are there before it.
    func draftCountInTrunk(of draftCount: Int) -> Int { plan.drafting?.precedesTrunk == true ? draftCount : 0 }

    /// The number of positions before `position` that the plan lets the trunk see.
    package func trunkCount(before position: Int) -> Int {
        plan.trunkCount(before: position, promptCount: text.promptCount)
    }

    package func needsTrunk(at position: Int) -> Bool {
        plan.headInput(at: position, in: text).needsTrunk
    }
}
