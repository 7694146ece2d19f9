import Models

/// Copies what another sequence has computed for a shared prefix, which costs far less than passes.
extension TokenSequence {
    /// The end of the prefix whose keys and values in `other` are those that this sequence would compute. The last token is
    /// never part of it, because its pass computes the logits.
    package func sharedEnd(with other: TokenSequence) -> Int {
        guard skipping == nil, other.skipping == nil, !other.trunkRing.hasWrapped, !other.headRing.hasWrapped else {
            return 0
        }
        let computed = max(min(other.headRing.count, other.tokens.count, tokens.count - 1), 0)
        let end = min(computed, firstTrunkMismatch(in: other.trunkRing) ?? computed)
        return (0..<end).first {
            tokens[$0] != other.tokens[$0] || plan.headInput(at: $0, promptCount: promptCount) != other.fed[$0]
        } ?? end
    }

    /// Copies what `other` has computed for the positions before `end`.
    ///
    /// - Precondition: `end` is above `computedCount`, and at most `sharedEnd(with: other)`.
    package func takeOver(from other: TokenSequence, upTo end: Int) {
        fed += other.fed[headRing.count..<end]
        headRing.copy(from: other.headRing, upTo: end)
        let trunkEnd = min(end, other.trunkRing.denseCount)
        guard trunkEnd > trunkRing.count else { return }
        trunkRing.copy(from: other.trunkRing, upTo: trunkEnd)
        // The head has seen these positions, so their trunk outputs are not needed.
        trunkOutputs.skip(to: trunkEnd)
    }
}
