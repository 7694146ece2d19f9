/// Why a generation ended.
public enum FinishReason: String, Sendable, Codable {
    /// The model emitted an end token, or the text a stop string.
    case stop
    /// The maximum number of tokens was reached.
    case length
    /// The context is full.
    case context
    /// The caller cancelled the generation.
    case cancelled
}
