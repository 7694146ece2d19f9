/// What ends a generation and what is reported on the way. Checked when the generation begins.
public struct GenerationOptions: Sendable, Equatable {
    /// Most tokens to generate; nil takes the model's own limit, and where it has none, as many as the context holds.
    public var maximumTokens: Int?
    /// Most tokens of prompt and answer together: a model's own limit.
    package var maximumLength: Int?
    /// How tokens are drawn.
    public var sampling: SamplingParameters
    /// Texts that end generation; they and what follows are not given out.
    public var stops: [String]
    /// Treats end tokens as ordinary ones.
    public var ignoresEnd: Bool
    /// Reports this many most likely tokens beside each sampled one; nil reports none.
    public var logprobCount: Int?

    /// The model's own defaults and the whole context, unless told otherwise.
    public init(
        maximumTokens: Int? = nil, sampling: SamplingParameters = SamplingParameters(), stops: [String] = [],
        ignoresEnd: Bool = false, logprobCount: Int? = nil
    ) {
        self.maximumTokens = maximumTokens
        self.sampling = sampling
        self.stops = stops
        self.ignoresEnd = ignoresEnd
        self.logprobCount = logprobCount
    }

    /// Whether the largest logit is all that each token needs.
    var needsOnlyLargestLogit: Bool {
        let rule = SamplingRule(sampling)
        return !rule.draws && !rule.penalises && logprobCount == nil
    }

    /// - Throws: `GenerationError` or `SamplingError` naming what is out of range.
    package func check() throws {
        if let maximumTokens, maximumTokens < 0 { throw GenerationError.maximumTokens(maximumTokens) }
        guard !stops.contains("") else { throw GenerationError.emptyStop }
        guard (0...1024).contains(logprobCount ?? 0) else { throw GenerationError.logprobCount(logprobCount ?? 0) }
        try sampling.check()
    }
}

/// A generation that cannot be asked for, in one sentence.
public enum GenerationError: Error, Equatable, CustomStringConvertible {
    /// `GenerationOptions.maximumTokens` is negative.
    case maximumTokens(Int)
    /// A stop string is empty.
    case emptyStop
    /// `GenerationOptions.logprobCount` is not from 0 to 1024.
    case logprobCount(Int)
    /// The checkpoint has no tokenizer, which texts, chats and stop strings need.
    case noTokenizer(model: String)
    /// The checkpoint has no chat template.
    case noChatTemplate(model: String)
    /// A generation was given a second iterator.
    case iteratedTwice

    public var description: String {
        switch self {
        case .maximumTokens(let count): "the most tokens to generate is \(count); give 0 or a positive number"
        case .emptyStop: "a stop string is empty; give at least one character"
        case .logprobCount(let count): "the number of logprobs is \(count); give a number from 0 to 1024"
        case .noTokenizer(let model):
            "\(model) has no tokenizer.json, so it cannot read or write text; give --prompt-ids, or add the file"
        case .noChatTemplate(let model):
            "\(model) has no chat template; use --raw, or a model that was trained for conversation"
        case .iteratedTwice:
            "the generation was iterated before; ask the session for another"
        }
    }
}

/// Why a generation ended.
public enum FinishReason: String, Sendable, Codable {
    /// An end token or a stop string.
    case stop
    /// As many tokens as were asked for.
    case length
    /// The context is full.
    case context
    /// The caller stopped it.
    case cancelled
}
