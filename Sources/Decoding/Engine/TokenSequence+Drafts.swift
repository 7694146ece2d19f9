import Constraints
import Tensors

/// Drafts: tokens that a pass verifies before they are tokens.
extension TokenSequence {
    /// Starts drafting after the last token.
    func beginDrafts() { drafts.begin(at: tokens.count - 1, cursor: cursor) }

    /// Drafts the most likely token, or, if tokens are drawn, the one drawn with the random number of its place in the answer.
    ///
    /// A constraint holds for drafts too. NaN logits end the drafts, as do those that allow no token. The model's own logits then
    /// tell whether it is damaged.
    func draft(from logits: UnsafeBufferPointer<Float>) {
        if draftSampler == nil {
            let token = drafts.cursor.map { try? $0.mostLikely(logits) } ?? logits.argmax
            if let token { drafts.append(DraftedToken(token)) }
        } else if let logits = drafts.allowed(logits),
            let draft = try? draftSampler?.draft(from: logits, number: drafts.end - layout.promptCount)
        {
            drafts.append(draft)
        }
    }

    /// The draft for the token that comes next.
    package var nextDraft: DraftedToken? { drafts[tokens.count] }

    /// Counts whether `token` is the draft at its position, and forgets the drafts if it is not.
    func judgeDraft(_ token: Int) {
        guard let draft = nextDraft else { return forgetDrafts() }
        let isAccepted = draft.token == token
        if isAccepted { drafts.accept() }
        if !isAccepted || drafts.acceptedCount == drafts.count {
            draftCounts.add(drafts.count, acceptedCount: drafts.acceptedCount)
            if plan.drafting?.isPaced == true {
                draftPace.judge(drafted: drafts.count, accepted: drafts.acceptedCount)
            }
        }
        if !isAccepted { forgetDrafts() }
    }
}
