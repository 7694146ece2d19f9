/// One generated token.
public struct GeneratedToken: Sendable, Equatable {
    /// The token's id in the model's vocabulary.
    public let id: Int
    /// Text that this token releases: whole characters, none of which could still become part of a stop string. Often "".
    public let text: String
    /// The cycle index of the pass that emitted the token: 0 if the trunk ran. Nil for plans without cycles, and for the first
    /// token, which the prompt's pass emits.
    public let cycleIndex: Int?
    /// The most likely tokens at this position; empty unless requested.
    public let logprobs: [TokenLogprob]
}
