public import Decoding

extension Session {
    /// The embedding of a text: [hidden size], of length 1. The session's own tokens stay unchanged.
    ///
    /// - Parameters:
    ///   - text: a whole text; it gets the tokens that open one.
    ///   - pooling: which hidden states are pooled.
    ///   - plan: computes the text as it computes a prompt.
    /// - Throws: `SessionError` for an empty text, and one that does not fit the context; `GenerationError.noTokenizer`, `PlanError`;
    ///   `CancellationError` if the task is cancelled.
    public func embedding(
        of text: String, pooling: EmbeddingPooling = .mean, plan: PlanRequest = .automatic
    ) throws -> [Float] {
        try embedding(of: Prompt.text(text).tokens(for: model, isFirst: true), pooling: pooling, plan: plan)
    }

    /// The embedding of token ids, adding no others.
    ///
    /// - Throws: the errors of `embedding(of:pooling:plan:)` for a text; `SessionError.tokenOutOfRange`.
    public func embedding(
        of tokens: [Int], pooling: EmbeddingPooling = .mean, plan: PlanRequest = .automatic
    ) throws -> [Float] {
        try generator.embedding(of: tokens, pooling: pooling, plan: self.plan(for: plan))
    }
}
