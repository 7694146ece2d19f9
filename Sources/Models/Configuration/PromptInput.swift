/// The head's input at the prompt's positions (E: the token's embedding, T: the trunk's output for it).
public enum PromptInput: String, Sendable, Equatable, CaseIterable, Codable {
    /// T, as in vanilla decoding.
    case trunk
    /// E + T.
    case sum
    /// E + T where the factor divides the position, E elsewhere. Absolute phase implies it.
    case masked
}
