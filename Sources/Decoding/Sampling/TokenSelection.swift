/// Logit processors and a sampler of the caller's; none by default.
///
/// They work with every plan. Drafts are made without them, and kept only if they are the tokens that these choose.
public struct TokenSelection: Sendable {
    /// Applied in this order before each token is chosen. `GeneratedToken.logprobs` are the model's own, before them.
    public var processors: [any LogitProcessor]
    /// Replaces `GenerationOptions.sampling`; nil for the default sampler.
    public var sampler: (any TokenSampler)?

    /// By default, no processors and the default sampler.
    public init(processors: [any LogitProcessor] = [], sampler: (any TokenSampler)? = nil) {
        self.processors = processors
        self.sampler = sampler
    }

    /// Whether any logit may be read.
    var readsLogits: Bool { !processors.isEmpty || sampler != nil }
}
