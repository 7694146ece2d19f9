/// How the next token is sampled from the logits. Nil takes the model's default, or has no effect if the model has none.
///
/// The steps are applied in transformers' order: penalties, temperature, top-k, top-p, min-p.
public struct SamplingParameters: Sendable, Equatable {
    /// Divides the logits; 0 takes the most likely token.
    public var temperature: Float?
    /// Keeps the k most likely tokens; 0 keeps all.
    public var topK: Int?
    /// Keeps the fewest likely tokens whose probabilities add up to at least p; 1 keeps all.
    public var topP: Float?
    /// Keeps tokens with at least this share of the most likely token's probability; 0 keeps all.
    public var minP: Float?
    /// Divides positive and multiplies negative logits of tokens that occurred in prompt or answer (CTRL, arXiv 1909.05858);
    /// 1 has no effect.
    public var repetitionPenalty: Float?
    /// The number of last tokens that the repetition penalty looks at; nil for all.
    public var repetitionWindow: Int?
    /// Subtracted from the logits of tokens that were generated, as OpenAI defines it; -2 to 2.
    public var presencePenalty: Float?
    /// Subtracted from the logits of generated tokens, once for each time that they occurred; -2 to 2.
    public var frequencyPenalty: Float?
    /// The seed of the random numbers: the same seed gives the same tokens. Nil takes a random seed.
    public var seed: UInt64?

    /// By default, the model's own settings.
    public init(
        temperature: Float? = nil, topK: Int? = nil, topP: Float? = nil, minP: Float? = nil,
        repetitionPenalty: Float? = nil, repetitionWindow: Int? = nil, presencePenalty: Float? = nil,
        frequencyPenalty: Float? = nil, seed: UInt64? = nil
    ) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.repetitionPenalty = repetitionPenalty
        self.repetitionWindow = repetitionWindow
        self.presencePenalty = presencePenalty
        self.frequencyPenalty = frequencyPenalty
        self.seed = seed
    }

    /// Always the most likely token, whatever the model's defaults.
    public static let greedy = SamplingParameters(
        temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1, presencePenalty: 0, frequencyPenalty: 0)

    /// - Throws: `SamplingError` naming the parameter that is out of range.
    package func check() throws(SamplingError) {
        if let temperature, !(temperature >= 0 && temperature.isFinite) { throw .temperature(temperature) }
        if let topK, topK < 0 { throw .topK(topK) }
        if let topP, !(topP > 0 && topP <= 1) { throw .topP(topP) }
        if let minP, !(0...1).contains(minP) { throw .minP(minP) }
        if let repetitionPenalty, !(repetitionPenalty > 0 && repetitionPenalty.isFinite) {
            throw .repetitionPenalty(repetitionPenalty)
        }
        if let repetitionWindow, repetitionWindow < 1 { throw .repetitionWindow(repetitionWindow) }
        if let presencePenalty, !(-2...2).contains(presencePenalty) { throw .presencePenalty(presencePenalty) }
        if let frequencyPenalty, !(-2...2).contains(frequencyPenalty) { throw .frequencyPenalty(frequencyPenalty) }
    }
}
