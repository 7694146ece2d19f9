public import Constraints

/// Options of a generation: how tokens are sampled, what ends it, and what it reports. Checked when the generation begins.
public struct GenerationOptions: Sendable, Equatable {
    /// Maximum number of tokens to generate; nil for the model's own limit, or the rest of the context if it has none.
    public var maximumTokens: Int?
    /// Maximum number of tokens of prompt and answer together, from a model's defaults.
    package var maximumLength: Int?
    /// How tokens are sampled.
    public var sampling: SamplingParameters
    /// Texts that end the generation. The output ends before them.
    public var stops: [String]
    /// What the text must be; nil for any text. The text then ends where it is complete, even if ends are ignored.
    public var constraint: Constraint?
    /// Maximum number of tokens between `<think>` and `</think>`, which is then written in the model's place; nil for no limit.
    public var thinkingBudget: Int?
    /// Whether end tokens are treated as ordinary tokens.
    public var ignoresEnd: Bool
    /// The number of most likely tokens to report with each sampled token; nil for none.
    public var logprobCount: Int?
    /// When a draft becomes a token, if the plan drafts and tokens are drawn.
    public var verifyRule: VerifyRule
    /// Whether to note for each token whether vanilla would have chosen it (`GenerationStatistics.agreement`). It takes a plan whose
    /// cycles refresh the head, or one without cycles.
    public var isMetered: Bool

    /// By default, the model's own settings and the whole context.
    public init(
        maximumTokens: Int? = nil, sampling: SamplingParameters = SamplingParameters(), stops: [String] = [],
        ignoresEnd: Bool = false, logprobCount: Int? = nil, verifyRule: VerifyRule = .exact, isMetered: Bool = false,
        constraint: Constraint? = nil, thinkingBudget: Int? = nil
    ) {
        self.maximumTokens = maximumTokens
        self.sampling = sampling
        self.stops = stops
        self.ignoresEnd = ignoresEnd
        self.logprobCount = logprobCount
        self.verifyRule = verifyRule
        self.isMetered = isMetered
        self.constraint = constraint
        self.thinkingBudget = thinkingBudget
    }

    /// Whether each token needs only the largest logit.
    var needsOnlyLargestLogit: Bool {
        let rule = SamplingRule(sampling)
        return !rule.draws && !rule.penalises && logprobCount == nil && constraint == nil
    }

    /// - Throws: `GenerationError` or `SamplingError` naming what is out of range.
    package func check() throws {
        if let maximumTokens, maximumTokens < 0 { throw GenerationError.maximumTokens(maximumTokens) }
        if let thinkingBudget, thinkingBudget < 1 { throw GenerationError.thinkingBudget(thinkingBudget) }
        guard !stops.contains("") else { throw GenerationError.emptyStop }
        guard (0...1024).contains(logprobCount ?? 0) else { throw GenerationError.logprobCount(logprobCount ?? 0) }
        try sampling.check()
    }
}
