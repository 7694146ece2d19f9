/// How a plan drafts tokens, which one pass of the model verifies.
public struct Drafting: Sendable, Equatable {
    /// The part of the model that drafts.
    public enum Source: Sendable, Equatable {
        /// The trunk, with the final norm and `lm_head`, in the pass that the head completes.
        case trunk
        /// The head, fed embeddings alone, before the pass that verifies.
        case head
    }

    /// The part of the model that drafts.
    public let source: Source
    /// Maximum number of drafts per verification.
    public let count: Int

    public init(by source: Source, count: Int) {
        self.source = source
        self.count = count
    }
}
