/// Whether the trunk ever sees the tokens after a cycle's first.
public enum TrunkHistory: String, Sendable, Equatable, CaseIterable, Codable {
    /// The trunk sees every token: the next cycle's refill takes them in.
    case real
    /// The trunk sees only the prompt and each cycle's first token, at their own positions.
    case shadow
}
