import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Samples tokens from logits. It allocates only when it is made.
package struct Sampler: TokenSampler {
    /// The seed that repeats the samples; nil for greedy decoding.
    package let seed: UInt64?
    private let parameters: SamplingRule
    private var generator: SplitMix64
    private var candidates: CandidateHeap
    private var penalties: TokenPenalties?

    /// - Parameters:
    ///   - parameters: parameters that are nil have no effect.
    ///   - vocabularySize: the number of logits of each sample.
    package init(_ parameters: SamplingParameters, vocabularySize: Int) {
        let rule = SamplingRule(parameters)
        self.parameters = rule
        // 32 bits: easy to copy, and exact in every JSON reader.
        let seed = parameters.seed ?? UInt64(UInt32.random(in: .min ... .max))
        self.seed = rule.draws ? seed : nil
        generator = SplitMix64(seed: seed)
        candidates = CandidateHeap(capacity: rule.draws ? vocabularySize : 0)
        penalties = TokenPenalties(rule, vocabularySize: vocabularySize)
    }

    /// Counts a token of the sequence for the penalties.
    ///
    /// - Parameter isGenerated: whether the token belongs to the answer, not to the prompt.
    package mutating func observe(_ token: Int, isGenerated: Bool) {
        penalties?.observe(token, isGenerated: isGenerated)
    }

    /// Samples a token from `logits` [vocabulary].
    ///
    /// - Throws: `SamplingError.logitsNotFinite`.
    package mutating func sample(_ logits: UnsafeBufferPointer<Float>) throws(SamplingError) -> Int {
        try draw(penalties?.applied(to: logits) ?? logits)
    }

    package mutating func sample(_ logits: Span<Float>) throws(SamplingError) -> Int {
        try logits.withUnsafeBufferPointer { logits throws(SamplingError) in try sample(logits) }
    }

    private mutating func draw(_ logits: UnsafeBufferPointer<Float>) throws(SamplingError) -> Int {
        let best = try mostLikely(logits)
        guard parameters.temperature > 0 else { return best }
        candidates.removeAll()
        for token in logits.indices {
            let weight = exp((logits[token] - logits[best]) / parameters.temperature)
            if weight > 0 { candidates.append(Candidate(token: token, weight: weight)) }
        }
        return drawAmong(keepMostLikely())
    }

    /// Sorts the candidates as far as top-k and top-p need it. Returns the number that they keep.
    private mutating func keepMostLikely() -> Int {
        guard parameters.topK > 0 || parameters.topP < 1 else { return candidates.count }
        candidates.heapify()
        let limit = parameters.topK > 0 ? min(parameters.topK, candidates.count) : candidates.count
        let isCut = limit < candidates.count
        if isCut { for _ in 0..<limit { _ = candidates.takeMostLikely() } }
        guard parameters.topP < 1 else { return limit }
        var mass = 0.0
        var reached = 0.0
        for rank in 0..<limit { mass += Double(candidates[rank].weight) }
        for rank in 0..<limit {
            let weight = isCut ? candidates[rank].weight : candidates.takeMostLikely().weight
            reached += Double(weight)
            if reached >= Double(parameters.topP) * mass { return rank + 1 }
        }
        return limit
    }

    /// Samples among the first `kept` candidates, without those that min-p drops. Weights are relative to the most likely token.
    private mutating func drawAmong(_ kept: Int) -> Int {
        let floor = parameters.minP
        var total = 0.0
        for index in 0..<kept where candidates[index].weight >= floor { total += Double(candidates[index].weight) }
        var remaining = generator.nextUnit() * total
        var last = 0
        for index in 0..<kept where candidates[index].weight >= floor {
            last = candidates[index].token
            remaining -= Double(candidates[index].weight)
            if remaining < 0 { break }
        }
        return last
    }

    /// The token with the largest logit; the first if there are several.
    private func mostLikely(_ logits: UnsafeBufferPointer<Float>) throws(SamplingError) -> Int {
        guard let best = logits.argmax, logits[best].isFinite else { throw .logitsNotFinite }
        return best
    }
}
