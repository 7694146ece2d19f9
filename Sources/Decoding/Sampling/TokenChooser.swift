import Constraints
import Tensors

/// Chooses tokens from a sequence's logits: processors first, then the constraint, then the sampler. The sequence's logits stay
/// unchanged.
struct TokenChooser {
    private var processors: [any LogitProcessor]
    /// The caller's sampler.
    private var own: (any TokenSampler)?
    /// The default sampler, used if the caller has none.
    private var standard: Sampler
    /// Whether the caller has processors or a sampler. Otherwise the default sampler checks the logits.
    private let isOwn: Bool
    /// [vocabulary]: the copy that processors and the constraint change.
    private let processed: AlignedBuffer<Float>
    /// The place in the constrained text; nil without a constraint.
    private(set) var cursor: ConstraintCursor?
    /// The places before each generated token, kept for the meter.
    private var cursors: [ConstraintCursor] = []
    private let keepsCursors: Bool

    /// - Parameter parameters: parameters that are nil have no effect.
    init(
        _ parameters: SamplingParameters, _ selection: TokenSelection, verifyRule: VerifyRule, vocabularySize: Int,
        constraint: ConstraintCursor? = nil, isMetered: Bool = false
    ) {
        processors = selection.processors
        own = selection.sampler
        isOwn = selection.readsLogits
        standard = Sampler(parameters, verifyRule: verifyRule, vocabularySize: vocabularySize)
        let copies = !selection.processors.isEmpty || constraint != nil
        processed = AlignedBuffer(count: copies ? vocabularySize : 0)
        cursor = constraint
        keepsCursors = isMetered
        if keepsCursors, let constraint { cursors.append(constraint) }
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

    /// Moves the constraint past a generated token.
    ///
    /// - Throws: `ConstraintError.tokenNotAllowed` for a token of a sampler of the caller's.
    mutating func advance(_ token: Int) throws(ConstraintError) {
        try cursor?.advance(token)
        if keepsCursors, let cursor { cursors.append(cursor) }
    }

    /// Leaves the choice of a token to the caller.
    mutating func skip() { standard.skip() }

    /// Vanilla's choice from `logits` for the answer's token of this number; nil if no logit is finite.
    mutating func vanillaChoice(from logits: UnsafeBufferPointer<Float>, number: Int) -> Int? {
        var logits = logits
        if cursors.indices.contains(number) {
            guard let masked = try? masked(logits, by: cursors[number]) else { return nil }
            logits = masked
        }
        return isOwn ? logits.argmax : standard.choice(from: logits, number: number)
    }

    /// The logits that probabilities are reported of: those of tokens that the constraint forbids are −∞. Valid until the next call.
    func reported(_ logits: UnsafeBufferPointer<Float>) throws(ConstraintError) -> UnsafeBufferPointer<Float> {
        guard let cursor else { return logits }
        return try masked(logits, by: cursor)
    }

    private func masked(
        _ logits: UnsafeBufferPointer<Float>, by cursor: ConstraintCursor
    ) throws(ConstraintError) -> UnsafeBufferPointer<Float> {
        let values = UnsafeMutableBufferPointer(start: processed.pointer, count: processed.count)
        _ = values.update(fromContentsOf: logits)
        try cursor.mask(values)
        return UnsafeBufferPointer(values)
    }

    /// Chooses a token from `logits` [vocabulary].
    ///
    /// - Parameter draft: a token that was drafted for the same place.
    /// - Throws: `SamplingError`, `SessionError.tokenOutOfRange`, and the errors of processors and sampler.
    mutating func choose(from logits: UnsafeBufferPointer<Float>, draft: DraftedToken? = nil) throws -> Int {
        guard isOwn || cursor != nil else { return try standard.sample(logits, draft: draft) }
        try check(logits, orThrow: .logitsNotFinite)
        if let cursor, !isOwn, standard.takesMostLikely {
            guard let token = try cursor.mostLikely(logits) else { throw SamplingError.noTokenAllowed }
            return token
        }
        guard !processors.isEmpty || cursor != nil else { return try sampled(logits) }
        let values = UnsafeMutableBufferPointer(start: processed.pointer, count: processed.count)
        _ = values.update(fromContentsOf: logits)
        for index in processors.indices {
            if let allowed = try processors[index].allowedTokens() { try values.keep(allowed) }
            var span = values.mutableSpan
            try processors[index].process(&span)
        }
        try cursor?.mask(values)
        let result = UnsafeBufferPointer(values)
        if let best = result.argmax, result[best] == -.infinity { throw SamplingError.noTokenAllowed }
        try check(result, orThrow: .processedNotFinite)
        return try isOwn ? sampled(result) : standard.sample(result, draft: draft)
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
