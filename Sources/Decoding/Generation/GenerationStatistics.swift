/// What a generation took. Seconds are of one monotonic clock.
public struct GenerationStatistics: Sendable, Equatable {
    /// Prompt tokens that were run, reused ones not counted.
    public internal(set) var prefillTokens = 0
    /// From the start until the first token's logits.
    public internal(set) var prefillSeconds = 0.0
    /// Tokens that came after the first, which the prompt's pass pays for.
    public internal(set) var decodeTokens = 0
    /// From the first token to the last.
    public internal(set) var decodeSeconds = 0.0
    /// Passes of the decoding alone.
    public internal(set) var passes = PassCounts()
    /// Bytes of keys and values at the end.
    public internal(set) var kvByteCount = 0

    /// The seed that repeats the text (`SamplingParameters.seed`); nil for greedy decoding.
    public internal(set) var seed: UInt64?

    package init() {}

    /// Decoding speed, the prompt left out.
    public var tokensPerSecond: Double { decodeSeconds > 0 ? Double(decodeTokens) / decodeSeconds : 0 }
    /// Prompt speed.
    public var prefillTokensPerSecond: Double { prefillSeconds > 0 ? Double(prefillTokens) / prefillSeconds : 0 }
}
