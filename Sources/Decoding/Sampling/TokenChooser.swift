import Tensors

/// Chooses tokens from a sequence's logits: processors first, then the sampler. The sequence's logits stay unchanged.
struct TokenChooser {
    /// The seed that repeats the samples; nil for greedy decoding and for a sampler of the caller's.
    let seed: UInt64?
    private var processors: [any LogitProcessor]
    private var sampler: any TokenSampler
    /// Whether the caller has processors or a sampler. Otherwise the default sampler checks the logits.
    private let isOwn: Bool
    /// [vocabulary]: the copy that processors change.
    private let processed: AlignedBuffer<Float>

    /// - Parameter parameters: parameters that are nil have no effect.
    init(_ parameters: SamplingParameters, _ selection: TokenSelection, vocabularySize: Int) {
        processors = selection.processors
        isOwn = selection.readsLogits
        if let own = selection.sampler {
            (sampler, seed) = (own, nil)
        } else {
            let sampler = Sampler(parameters, vocabularySize: vocabularySize)
            (self.sampler, seed) = (sampler, sampler.seed)
        }
        processed = AlignedBuffer(count: selection.processors.isEmpty ? 0 : vocabularySize)
    }

    mutating func observe(_ token: Int, isGenerated: Bool) {
        for index in processors.indices { processors[index].observe(token, isGenerated: isGenerated) }
        sampler.observe(token, isGenerated: isGenerated)
    }

    /// Chooses a token from `logits` [vocabulary].
    ///
    /// - Throws: `SamplingError`, `SessionError.tokenOutOfRange`, and the errors of processors and sampler.
    mutating func choose(from logits: UnsafeBufferPointer<Float>) throws -> Int {
        guard isOwn else { return try sampler.sample(logits.span) }
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
        let token = try sampler.sample(logits.span)
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
