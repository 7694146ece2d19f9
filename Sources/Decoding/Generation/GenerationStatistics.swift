/// Times, passes and memory of a generation.
public struct GenerationStatistics: Sendable, Equatable {
    /// Prompt tokens that were run, without reused ones.
    public internal(set) var prefillTokens = 0
    /// Seconds from the start until the first token's logits.
    public internal(set) var prefillSeconds = 0.0
    /// Tokens after the first, whose logits the prompt's pass computes.
    public internal(set) var decodeTokens = 0
    /// Seconds from the first token to the last.
    public internal(set) var decodeSeconds = 0.0
    /// Passes of decoding, without those of the prompt.
    public internal(set) var passes = PassCounts()
    /// Drafts and how many of them became tokens; empty for plans that draft nothing.
    public internal(set) var drafts = DraftCounts()
    /// How often vanilla would have chosen the same token; nil unless metered.
    public internal(set) var agreement: Agreement?
    /// Bytes of keys and values at the end.
    public internal(set) var kvByteCount = 0

    /// The seed that repeats the text (`SamplingParameters.seed`); nil for greedy decoding.
    public internal(set) var seed: UInt64?

    package init() {}

    /// Decoding speed, without the prompt.
    public var tokensPerSecond: Double { decodeSeconds > 0 ? Double(decodeTokens) / decodeSeconds : 0 }

    /// Tokens per trunk pass, without the prompt's pass and the token that it emits.
    public var tokensPerTrunkPass: Double {
        passes.trunkPasses > 0 ? Double(decodeTokens) / Double(passes.trunkPasses) : 0
    }

    /// Prefill speed.
    public var prefillTokensPerSecond: Double { prefillSeconds > 0 ? Double(prefillTokens) / prefillSeconds : 0 }
}
