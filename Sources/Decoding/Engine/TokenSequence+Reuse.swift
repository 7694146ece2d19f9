import Models

/// What a sequence can take over from another that begins as it does: a copy costs far less than passes.
extension TokenSequence {
    /// Up to which position `other` has computed what this one would. The last token is left out: it always runs for its
    /// logits.
    package func sharedEnd(with other: TokenSequence) -> Int {
        guard skipping == nil, other.skipping == nil, !other.trunkRing.hasWrapped, !other.headRing.hasWrapped else {
            return 0
        }
        let computed = max(min(other.headRing.count, other.tokens.count, tokens.count - 1), 0)
        let end = min(computed, otherwiseSeen(in: other.trunkRing) ?? computed)
        return (0..<end).first {
            tokens[$0] != other.tokens[$0] || plan.headInput(at: $0, promptCount: promptCount) != other.fed[$0]
        } ?? end
    }

    /// Takes over what `other` has computed of the positions before `end`.
    ///
    /// - Precondition: `end` is beyond `computedCount`, and no more than `sharedEnd(with: other)`.
    package func takeOver(from other: TokenSequence, upTo end: Int) {
        fed += other.fed[headRing.count..<end]
        headRing.copy(from: other.headRing, upTo: end)
        let trunkEnd = min(end, other.trunkRing.denseCount)
        guard trunkEnd > trunkRing.count else { return }
        trunkRing.copy(from: other.trunkRing, upTo: trunkEnd)
        // The head has seen these positions, so nobody needs the trunk's outputs of them.
        trunkOutputs.skip(to: trunkEnd)
    }
}
