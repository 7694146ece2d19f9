/// Whether the head's keys and values of a cycle's later tokens are replaced once the trunk has seen these tokens.
public enum HeadHistory: String, Sendable, Equatable, CaseIterable, Codable {
    /// They stay as the passes that emitted made them.
    case kept
    /// The next cycle's first pass reads these tokens again, fed T. What later tokens attend to is then vanilla's, but for the
    /// running cycle. A cycle's first token is vanilla's too.
    case refreshed
}
