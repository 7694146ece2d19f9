import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Draws tokens by temperature, top-k, top-p and min-p. Which token is drawn depends on the logits, the seed and the token's number
/// in the answer alone, so that a draft and the token that verifies it share their random number.
struct TokenDraw {
    /// Independent random numbers for one token.
    enum Purpose: UInt64 {
        case token, draft, acceptance, replacement
    }

    let rule: SamplingRule
    let seed: UInt64
    private var candidates: CandidateHeap

    init(_ rule: SamplingRule, seed: UInt64, vocabularySize: Int) {
        (self.rule, self.seed) = (rule, seed)
        candidates = CandidateHeap(capacity: rule.draws ? vocabularySize : 0)
    }

    /// A uniform random number in 0 ..< 1 for the token of `number` in the answer.
    func unit(_ number: Int, for purpose: Purpose = .token) -> Double {
        var generator = SplitMix64(seed: seed, stream: purpose.rawValue, skipping: number)
        return generator.nextUnit()
    }

    /// - Throws: `SamplingError.logitsNotFinite`.
    mutating func token(from logits: UnsafeBufferPointer<Float>, number: Int) throws(SamplingError) -> Int {
        guard let kept = try keep(logits) else { return try mostLikely(logits) }
        return drawn(among: kept, unit(number))
    }

    /// The distribution that `token` draws from.
    ///
    /// - Throws: `SamplingError.logitsNotFinite`.
    mutating func distribution(of logits: UnsafeBufferPointer<Float>) throws(SamplingError) -> TokenDistribution {
        guard let kept = try keep(logits) else {
            let candidate = Candidate(token: try mostLikely(logits), weight: 1)
            return TokenDistribution(candidates: [candidate], total: 1)
        }
        let drawn = (0..<kept).map { candidates[$0] }.filter { $0.weight >= rule.minP }
        return TokenDistribution(candidates: drawn, total: drawn.reduce(0) { $0 + Double($1.weight) })
    }

    /// Collects the candidates, sorted as far as top-k and top-p need it. Returns the number that they keep; nil for greedy decoding.
    private mutating func keep(_ logits: UnsafeBufferPointer<Float>) throws(SamplingError) -> Int? {
        let best = try mostLikely(logits)
        guard rule.temperature > 0 else { return nil }
        candidates.removeAll()
        for token in logits.indices {
            let weight = expf((logits[token] - logits[best]) / rule.temperature)
            if weight > 0 { candidates.append(Candidate(token: token, weight: weight)) }
        }
        return keptCount()
    }

    private mutating func keptCount() -> Int {
        guard rule.topK > 0 || rule.topP < 1 else { return candidates.count }
        candidates.heapify()
        let limit = rule.topK > 0 ? min(rule.topK, candidates.count) : candidates.count
        let isCut = limit < candidates.count
        if isCut { for _ in 0..<limit { _ = candidates.takeMostLikely() } }
        guard rule.topP < 1 else { return limit }
        var mass = 0.0
        var reached = 0.0
        for rank in 0..<limit { mass += Double(candidates[rank].weight) }
        for rank in 0..<limit {
            let weight = isCut ? candidates[rank].weight : candidates.takeMostLikely().weight
            reached += Double(weight)
            if reached >= Double(rule.topP) * mass { return rank + 1 }
        }
        return limit
    }

    /// Draws among the first `kept` candidates, without those that min-p drops. Weights are relative to the most likely token.
    private func drawn(among kept: Int, _ unit: Double) -> Int {
        let floor = rule.minP
        var total = 0.0
        for index in 0..<kept where candidates[index].weight >= floor { total += Double(candidates[index].weight) }
        var remaining = unit * total
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
