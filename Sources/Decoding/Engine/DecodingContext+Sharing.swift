import Models

/// What a sequence can take over from another that begins as it does: a copy costs far less than passes.
extension DecodingContext {
    /// Up to which position `other` has computed what this one would; the last token is left out, which is always run for
    /// its logits.
    package func sharedEnd(with other: DecodingContext) -> Int {
        guard sharesPasses, other.sharesPasses, !other.trunkRing.hasWrapped, !other.headRing.hasWrapped else {
            return 0
        }
        let computed = max(min(other.headRing.count, tokens.count - 1), 0)
        let end = min(computed, otherwiseSeen(in: other.trunkRing) ?? computed)
        return (0..<end).first { tokens[$0] != other.tokens[$0] || headInput(at: $0) != other.fed[$0] } ?? end
    }

    /// Positions that the head has seen.
    package var computedCount: Int { headRing.count }

    /// Takes over what `other` has computed of the positions before `end`.
    ///
    /// - Precondition: `end` is beyond `computedCount`, and no more than `sharedEnd(with: other)`.
    package func takeOver(from other: DecodingContext, upTo end: Int) {
        fed += other.fed[headRing.count..<end]
        headRing.copy(from: other.headRing, upTo: end)
        let trunkEnd = min(end, other.trunkRing.denseCount)
        guard trunkEnd > trunkRing.count else { return }
        trunkRing.copy(from: other.trunkRing, upTo: trunkEnd)
        // Nobody needs those before: the head has seen their positions.
        trunkOutputs.skip(to: trunkEnd)
    }
}
