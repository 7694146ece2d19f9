import Models
import Tensors

/// Self-speculative decoding: drafts are tokens that the session has run, but that nobody has appended yet.
extension DecodingContext {
    /// Lets the trunk draft what follows the last token, and the head say in one pass what the whole model gives after the
    /// last token and after each draft.
    func draft() {
        let vocabularySize = stack.configuration.vocabularySize
        // The context's last position needs no draft after it.
        let count = max(0, min(plan.draftCount, remainingPositions - 1))
        drafts.begin(at: headRing.count, count: count, vocabularySize: vocabularySize)
        runTrunk(rowCount: 1)
        for _ in 0..<count {
            forward.logits(hidden.pointer, into: lastLogits.pointer)
            drafts.append(logits.argmax ?? 0)
            runTrunk(rowCount: 1)
        }
        runHead(rowCount: count + 1)
        forward.logits(hidden.pointer, rowCount: count + 1, into: drafts.rows())
        takeDraftedLogits()
    }

    /// Makes `logits` those after the last token, which was run as a draft.
    func takeDraftedLogits() {
        let row = drafts.logits(after: tokens.count - 1, vocabularySize: lastLogits.count)
        lastLogits.pointer.update(from: row, count: lastLogits.count)
    }

    /// Forgets drafts that were not appended, with what was computed for them.
    func forgetDrafts() {
        drafts.removeAll()
        guard headRing.count > tokens.count else { return }
        forgetHead(from: tokens.count)
        forgetTrunk(from: tokens.count)
    }
}
