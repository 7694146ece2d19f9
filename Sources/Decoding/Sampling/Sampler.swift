import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Draws tokens from logits. All memory is taken when it is made.
package struct Sampler {
    /// The seed that repeats the draws; nil for greedy decoding.
    package let seed: UInt64?
    private let parameters: SamplingRule
    private var generator: SplitMix64
    private var candidates: CandidateHeap
    private var penalties: TokenPenalties?

    /// - Parameters:
    ///   - parameters: what is nil does nothing.
    ///   - vocabularySize: number of logits of each draw.
    package init(_ parameters: SamplingParameters, vocabularySize: Int) {
        let rule = SamplingRule(parameters)
        self.parameters = rule
        // 32 bits: a fresh seed is to be read, copied and kept exact by every JSON reader.
        let seed = parameters.seed ?? UInt64(UInt32.random(in: .min ... .max))
        self.seed = rule.draws ? seed : nil
        generator = SplitMix64(seed: seed)
        candidates = CandidateHeap(capacity: rule.draws ? vocabularySize : 0)
        penalties = TokenPenalties(rule, vocabularySize: vocabularySize)
    }

    /// Tells the penalties of a token in the sequence.
    ///
    /// - Parameter isGenerated: whether it is one of the answer's, not the prompt's.
    package mutating func observe(_ token: Int, isGenerated: Bool) {
        penalties?.observe(token, isGenerated: isGenerated)
    }

    /// Draws a token from `logits` [vocabulary].
    ///
    /// - Throws: `SamplingError.logitsNotFinite`.
    package mutating func sample(_ logits: UnsafeBufferPointer<Float>) throws(SamplingError) -> Int {
        try draw(penalties?.applied(to: logits) ?? logits)
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

    /// Orders the candidates as far as top-k and top-p need it; returns how many they keep.
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

    /// Draws among the first `kept` candidates in order, less those that min-p drops (weights are relative to the best).
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

    /// The first of the largest logits.
    private func mostLikely(_ logits: UnsafeBufferPointer<Float>) throws(SamplingError) -> Int {
        guard let best = logits.argmax, logits[best].isFinite else { throw .logitsNotFinite }
        return best
    }
}
