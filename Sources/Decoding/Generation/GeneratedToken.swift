/// One generated token.
public struct GeneratedToken: Sendable, Equatable {
    /// Its id in the model's vocabulary.
    public let id: Int
    /// Text that may be shown now: whole characters, nothing that could still become a stop string. Often "".
    public let text: String
    /// Place in its cycle of the pass that emitted the token, 0 where the trunk ran; nil without cycles and for the first
    /// token, which the prompt's pass emits.
    public let cycleIndex: Int?
    /// The most likely tokens at this position, where they were asked for.
    public let logprobs: [TokenLogprob]
}
