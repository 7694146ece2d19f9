/// Chooses the next token from logits. The default sampler follows `SamplingParameters`.
///
/// Each generation starts with a copy of the sampler, and calls it on the session's own thread, between two passes. An error ends the
/// generation.
public protocol TokenSampler: Sendable {
    /// Reports a token: first every token of the session, in order, then each chosen token.
    ///
    /// - Parameters:
    ///   - token: its id.
    ///   - isGenerated: false for the tokens before the generation.
    mutating func observe(_ token: Int, isGenerated: Bool)

    /// The id of the next token.
    ///
    /// - Parameter logits: [vocabulary], by token id, after all processors. None is NaN, the largest is finite, and −∞ marks tokens
    ///   that were ruled out.
    mutating func sample(_ logits: Span<Float>) throws -> Int
}

extension TokenSampler {
    /// Does nothing.
    public mutating func observe(_ token: Int, isGenerated: Bool) {}
}
