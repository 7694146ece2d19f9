/// The hidden states, after the final norm, that an embedding pools.
public enum EmbeddingPooling: String, Sendable, CaseIterable {
    /// The mean over all positions.
    case mean
    /// The state of the last position, which alone depends on the whole text.
    case last
}
