/// The generation settings that a checkpoint's makers recommend; nil where they recommend nothing.
///
/// Read from `generation_config.json` (or `config.json`, where transformers takes it from there), or from a GGUF file's
/// `general.sampling.*`.
public struct GenerationDefaults: Sendable, Equatable {
    /// A value and its source.
    public struct Setting<Value: Sendable & Equatable>: Sendable, Equatable {
        public let value: Value
        /// The file that holds the value, or a description of the default that it is.
        public let origin: String

        init(_ value: Value, from origin: String) {
            self.value = value
            self.origin = origin
        }

        /// The transformed value, with the same origin.
        package func map<Other>(_ transform: (Value) -> Other) -> Setting<Other> {
            Setting<Other>(transform(value), from: origin)
        }
    }

    /// Sampling temperature; 0 takes the most likely token.
    public internal(set) var temperature: Setting<Float>?
    /// Samples from the k most likely tokens; 0 for all.
    public internal(set) var topK: Setting<Int>?
    /// Samples from the fewest likely tokens whose probabilities add up to at least this.
    public internal(set) var topP: Setting<Float>?
    /// Samples from tokens with at least this share of the most likely token's probability.
    public internal(set) var minP: Setting<Float>?
    /// Penalises every token of prompt and answer; 1 for none.
    public internal(set) var repetitionPenalty: Setting<Float>?
    /// The number of last tokens that `repetitionPenalty` looks at.
    public internal(set) var repetitionWindow: Setting<Int>?
    /// Penalises every token of the answer once.
    public internal(set) var presencePenalty: Setting<Float>?
    /// Penalises every token of the answer once for each time that it occurs.
    public internal(set) var frequencyPenalty: Setting<Float>?
    /// Maximum number of tokens of an answer (`max_new_tokens`).
    public internal(set) var maximumTokens: Setting<Int>?
    /// Maximum number of tokens of prompt and answer together (`max_length`).
    public internal(set) var maximumLength: Setting<Int>?
    /// Recommendations that are not followed, one sentence each.
    public internal(set) var notes: [String] = []

    /// No recommendations.
    public static let none = GenerationDefaults()
}
