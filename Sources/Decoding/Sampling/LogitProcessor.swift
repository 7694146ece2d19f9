/// Changes logits before a token is sampled: rules tokens out, or makes them more or less likely.
///
/// Each generation starts with a copy of its processors, so that a struct's state begins anew. Processors change a copy of the
/// logits: they affect the next token only.
///
/// The calls for each token are `allowedTokens`, `process`, and, once the token is chosen, `observe`. They run on the session's own
/// thread, between two passes. An error ends the generation; the session keeps the tokens generated so far.
public protocol LogitProcessor: Sendable {
    /// Reports a token: first every token of the session, in order, then each chosen token.
    ///
    /// - Parameters:
    ///   - token: its id.
    ///   - isGenerated: false for the tokens before the generation.
    mutating func observe(_ token: Int, isGenerated: Bool)

    /// The ids of the only tokens that may come next, in any order; nil for no limit. Meant for grammars that allow few tokens.
    mutating func allowedTokens() throws -> [Int]?

    /// Changes the logits, [vocabulary], by token id. −∞ rules a token out; NaN and +∞ are errors.
    ///
    /// The logits are the model's, before penalties and temperature, as changed by earlier processors. Those of tokens outside
    /// `allowedTokens` are −∞.
    mutating func process(_ logits: inout MutableSpan<Float>) throws
}

extension LogitProcessor {
    /// Does nothing.
    public mutating func observe(_ token: Int, isGenerated: Bool) {}
    /// Allows all tokens.
    public mutating func allowedTokens() throws -> [Int]? { nil }
    /// Changes nothing.
    public mutating func process(_ logits: inout MutableSpan<Float>) throws {}
}
