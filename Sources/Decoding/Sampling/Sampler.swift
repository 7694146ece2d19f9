import Tensors

/// Samples tokens from logits. It allocates only when it is made, unless drafts are verified by their distribution.
package struct Sampler: TokenSampler {
    /// The seed that repeats the samples; nil for greedy decoding.
    package var seed: UInt64? { draw.rule.draws ? draw.seed : nil }
    private var draw: TokenDraw
    private let verifyRule: VerifyRule
    private var penalties: TokenPenalties?
    /// The number of tokens sampled.
    private var count = 0

    /// - Parameters:
    ///   - parameters: parameters that are nil have no effect.
    ///   - vocabularySize: the number of logits of each sample.
    package init(_ parameters: SamplingParameters, verifyRule: VerifyRule = .exact, vocabularySize: Int) {
        let rule = SamplingRule(parameters)
        // 32 bits: easy to copy, and exact in every JSON reader.
        let seed = parameters.seed ?? UInt64(UInt32.random(in: .min ... .max))
        draw = TokenDraw(rule, seed: seed, vocabularySize: vocabularySize)
        self.verifyRule = verifyRule
        penalties = TokenPenalties(rule, vocabularySize: vocabularySize)
    }

    /// Whether the most likely token is taken, whatever came before.
    package var takesMostLikely: Bool { !draw.rule.draws && penalties == nil }

    /// The sampler of drafts that this one verifies; nil if the most likely tokens are to be drafted.
    package var draftSampler: DraftSampler? {
        draw.rule.draws ? DraftSampler(verifyRule: verifyRule, draw: draw) : nil
    }

    /// Counts a token of the sequence for the penalties.
    ///
    /// - Parameter isGenerated: whether the token belongs to the answer, not to the prompt.
    package mutating func observe(_ token: Int, isGenerated: Bool) {
        penalties?.observe(token, isGenerated: isGenerated)
    }

    /// Samples a token from `logits` [vocabulary].
    ///
    /// - Parameter draft: a token that was drafted for the same place.
    /// - Throws: `SamplingError.logitsNotFinite`.
    package mutating func sample(
        _ logits: UnsafeBufferPointer<Float>, draft: DraftedToken? = nil
    ) throws(SamplingError) -> Int {
        defer { count += 1 }
        let logits = penalties?.applied(to: logits) ?? logits
        guard let draft, verifyRule == .distribution, draw.rule.draws else {
            return try draw.token(from: logits, number: count)
        }
        return draft.verified(
            by: try draw.distribution(of: logits), acceptance: draw.unit(count, for: .acceptance),
            replacement: draw.unit(count, for: .replacement))
    }

    /// Leaves out a token that was not sampled: later ones keep the random numbers of their places.
    mutating func skip() { count += 1 }

    package mutating func sample(_ logits: Span<Float>) throws(SamplingError) -> Int {
        try logits.withUnsafeBufferPointer { logits throws(SamplingError) in try sample(logits) }
    }

    /// Vanilla's choice from `logits` for the answer's token of this number, without penalties; nil if no logit is finite.
    mutating func choice(from logits: UnsafeBufferPointer<Float>, number: Int) -> Int? {
        try? draw.token(from: logits, number: number)
    }
}
