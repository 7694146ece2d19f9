/// A token that was drafted, for the model to verify.
package struct DraftedToken: Sendable {
    package let token: Int
    /// The distribution that the token was drawn from; nil if it was not drawn, or if the verify rule does not need it.
    let distribution: TokenDistribution?

    package init(_ token: Int) { self.init(token, from: nil) }

    init(_ token: Int, from distribution: TokenDistribution?) {
        (self.token, self.distribution) = (token, distribution)
    }

    /// The token itself, or one that replaces it: rejection sampling, by which the result has exactly the distribution `target`
    /// (Leviathan et al., *Fast Inference from Transformers via Speculative Decoding*, arXiv 2211.17192, algorithm 1).
    ///
    /// - Parameters:
    ///   - target: the verifying model's distribution.
    ///   - acceptance: a uniform random number in 0 ..< 1.
    ///   - replacement: another one, for the token that replaces a rejected draft.
    func verified(by target: TokenDistribution, acceptance: Double, replacement: Double) -> Int {
        var drafted = [token: 1.0]
        if let distribution {
            drafted = Dictionary(
                distribution.candidates.map { ($0.token, Double($0.weight) / distribution.total) },
                uniquingKeysWith: +)
        }
        func probability(_ candidate: Candidate) -> Double { Double(candidate.weight) / target.total }
        let own = target.candidates.first { $0.token == token }.map(probability) ?? 0
        if acceptance * (drafted[token] ?? 0) < own { return token }
        let rest = target.candidates.map { max(0, probability($0) - (drafted[$0.token] ?? 0)) }
        var (remaining, last) = (replacement * rest.reduce(0, +), token)
        for (candidate, weight) in zip(target.candidates, rest) where weight > 0 {
            last = candidate.token
            remaining -= weight
            if remaining < 0 { break }
        }
        return last
    }
}
