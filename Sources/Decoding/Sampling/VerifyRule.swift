/// When a drafted token becomes a token of a sampled text. Greedy texts are vanilla's under either.
public enum VerifyRule: String, Sendable, CaseIterable, Codable {
    /// If vanilla draws it with the same random number. The text is vanilla's with the same seed.
    case exact
    /// By rejection sampling (Leviathan et al., arXiv 2211.17192). The text is another one than vanilla's with the same seed, drawn from
    /// the same distribution; more drafts are accepted.
    case distribution
}
