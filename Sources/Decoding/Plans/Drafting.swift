/// How a plan drafts tokens, which one pass of the model verifies.
public struct Drafting: Sendable, Equatable {
    /// The source of drafts.
    public enum Source: Sendable, Equatable {
        /// The trunk, with the final norm and `lm_head`, in the pass that the head completes.
        case trunk
        /// The head, fed embeddings alone, before the pass that verifies.
        case head
        /// A smaller model.
        case model
        /// The text itself: the tokens after the last occurrence of its longest repeated suffix.
        case text
    }

    /// The source of drafts.
    public let source: Source
    /// Maximum number of drafts per verification.
    public let count: Int

    public init(by source: Source, count: Int) {
        self.source = source
        self.count = count
    }

    /// Whether the number of drafts follows what was accepted (`DraftPace`), rather than being `count` always.
    var isPaced: Bool { source == .model || source == .text }

    /// Whether the drafts are there before the trunk's pass, which then runs over them too.
    var precedesTrunk: Bool { source != .trunk }
}
