/// The tokens that sampling may draw, with their weights.
struct TokenDistribution: Sendable {
    /// In no order; weights are relative to the most likely token's.
    let candidates: [Candidate]
    /// The sum of all weights.
    let total: Double

    /// Draws a token: the one at which the running sum of weights exceeds `unit` of the total.
    ///
    /// - Parameter unit: a uniform random number in 0 ..< 1.
    func token(_ unit: Double) -> Int {
        var remaining = unit * total
        for candidate in candidates {
            remaining -= Double(candidate.weight)
            if remaining < 0 { return candidate.token }
        }
        return candidates.last?.token ?? 0
    }
}
