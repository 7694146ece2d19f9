import Tensors

/// Chooses tokens from a sequence's logits: processors first, then the sampler. The sequence's logits stay unchanged.
struct TokenChooser {
    private var processors: [any LogitProcessor]
    /// The caller's sampler.
    private var own: (any TokenSampler)?
    /// The default sampler, used if the caller has none.
    private var standard: Sampler
    /// Whether the caller has processors or a sampler. Otherwise the default sampler checks the logits.
    private let isOwn: Bool
    /// [vocabulary]: the copy that processors change.
    private let processed: AlignedBuffer<Float>

    /// - Parameter parameters: parameters that are nil have no effect.
    init(
        _ parameters: SamplingParameters, _ selection: TokenSelection, verifyRule: VerifyRule, vocabularySize: Int
    ) {
        processors = selection.processors
        own = selection.sampler
        isOwn = selection.readsLogits
        standard = Sampler(parameters, verifyRule: verifyRule, vocabularySize: vocabularySize)
        processed = AlignedBuffer(count: selection.processors.isEmpty ? 0 : vocabularySize)
    }

    /// The seed that repeats the samples; nil for greedy decoding and for a sampler of the caller's.
    var seed: UInt64? { own == nil ? standard.seed : nil }

    /// The sampler of drafts; nil if the most likely tokens are to be drafted.
    var draftSampler: DraftSampler? { isOwn ? nil : standard.draftSampler }

    mutating func observe(_ token: Int, isGenerated: Bool) {
        for index in processors.indices { processors[index].observe(token, isGenerated: isGenerated) }
        if own != nil {
            own?.observe(token, isGenerated: isGenerated)
        } else {
            standard.observe(token, isGenerated: isGenerated)
        }
    }

    /// Vanilla's choice from `logits` for the answer's token of this number; nil if no logit is finite.
    mutating func vanillaChoice(from logits: UnsafeBufferPointer<Float>, number: Int) -> Int? {
        isOwn ? logits.argmax : standard.choice(from: logits, number: number)
    }

    /// Chooses a token from `logits` [vocabulary].
    ///
    /// - Parameter draft: a token that was drafted for the same place.
    /// - Throws: `SamplingError`, `SessionError.tokenOutOfRange`, and the errors of processors and sampler.
    mutating func choose(from logits: UnsafeBufferPointer<Float>, draft: DraftedToken? = nil) throws -> Int {
        guard isOwn else { return try standard.sample(logits, draft: draft) }
        try check(logits, orThrow: .logitsNotFinite)
        guard !processors.isEmpty else { return try sampled(logits) }
        let values = UnsafeMutableBufferPointer(start: processed.pointer, count: processed.count)
        _ = values.update(from: logits)
        for index in processors.indices {
            if let allowed = try processors[index].allowedTokens() { try values.keep(allowed) }
            var span = values.mutableSpan
            try processors[index].process(&span)
        }
        let result = UnsafeBufferPointer(values)
        if let best = result.argmax, result[best] == -.infinity { throw SamplingError.noTokenAllowed }
        try check(result, orThrow: .processedNotFinite)
        return try sampled(result)
    }

    private mutating func sampled(_ logits: UnsafeBufferPointer<Float>) throws -> Int {
        guard let token = try own?.sample(logits.span) else { return try standard.sample(logits) }
        guard logits.indices.contains(token) else {
            throw SessionError.tokenOutOfRange(token, vocabularySize: logits.count)
        }
        return token
    }

    /// Checks that no logit is NaN and the largest is finite.
    private func check(_ logits: UnsafeBufferPointer<Float>, orThrow error: SamplingError) throws(SamplingError) {
        guard let best = logits.argmax, logits[best].isFinite else { throw error }
    }
}

extension UnsafeMutableBufferPointer<Float> {
    /// Sets all logits to −∞, except those of `tokens`.
    fileprivate func keep(_ tokens: [Int]) throws(SamplingError) {
        if let token = tokens.first(where: { !indices.contains($0) }) {
            throw .allowedTokenOutOfRange(token, vocabularySize: count)
        }
        let kept = tokens.map { self[$0] }
        update(repeating: -.infinity)
        for (token, logit) in zip(tokens, kept) { self[token] = logit }
    }
}
