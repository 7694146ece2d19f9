/// The head's input for one token (E: the token's embedding, T: the trunk's output for it).
public enum HeadInput: UInt8, Sendable {
    /// T, as in vanilla decoding.
    case trunk
    /// E alone. The trunk need not have seen the token yet.
    case embedding
    /// E + T.
    case embeddingAndTrunk

    /// Whether the trunk must see the token before the head.
    package var needsTrunk: Bool { self != .embedding }
}
