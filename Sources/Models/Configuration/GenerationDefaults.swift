/// How a checkpoint's makers recommend to generate with it. What they say nothing of is nil.
///
/// Read from `generation_config.json` (or `config.json`, where transformers takes it from there), or from a GGUF file's
/// `general.sampling.*`.
public struct GenerationDefaults: Sendable, Equatable {
    /// A value and where it was found.
    public struct Setting<Value: Sendable & Equatable>: Sendable, Equatable {
        /// The value itself.
        public let value: Value
        /// The file, or whose default it is.
        public let origin: String

        init(_ value: Value, from origin: String) {
            self.value = value
            self.origin = origin
        }

        /// Another form of the value, from the same place.
        package func map<Other>(_ transform: (Value) -> Other) -> Setting<Other> {
            Setting<Other>(transform(value), from: origin)
        }
    }

    /// 0 takes the most likely token.
    public internal(set) var temperature: Setting<Float>?
    /// The k most likely tokens; 0 for all.
    public internal(set) var topK: Setting<Int>?
    /// The most likely tokens that reach this probability together.
    public internal(set) var topP: Setting<Float>?
    /// The least share of the most likely token's probability.
    public internal(set) var minP: Setting<Float>?
    /// Weakens every token of prompt and answer; 1 does nothing.
    public internal(set) var repetitionPenalty: Setting<Float>?
    /// How many of the last tokens that penalty looks at.
    public internal(set) var repetitionWindow: Setting<Int>?
    /// Weakens every token of the answer.
    public internal(set) var presencePenalty: Setting<Float>?
    /// Weakens every token of the answer as often as it is there.
    public internal(set) var frequencyPenalty: Setting<Float>?
    /// Most tokens of an answer (`max_new_tokens`).
    public internal(set) var maximumTokens: Setting<Int>?
    /// Most tokens of prompt and answer together (`max_length`).
    public internal(set) var maximumLength: Setting<Int>?
    /// What the checkpoint asks for beyond that and does not get, one sentence each.
    public internal(set) var notes: [String] = []

    /// Nothing is recommended.
    public static let none = GenerationDefaults()
}
