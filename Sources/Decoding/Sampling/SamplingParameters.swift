/// How the next token is drawn from the logits. Nil takes the model's own default, and does nothing where it has none.
///
/// Steps follow transformers' order: penalties, temperature, top-k, top-p, min-p.
public struct SamplingParameters: Sendable, Equatable {
    /// 0 takes the most likely token; else logits are divided by it.
    public var temperature: Float?
    /// Keeps the k most likely tokens; 0 keeps all.
    public var topK: Int?
    /// Keeps the fewest most likely tokens whose probabilities reach p; 1 keeps all.
    public var topP: Float?
    /// Keeps tokens at least this share as likely as the most likely one; 0 keeps all.
    public var minP: Float?
    /// Divides positive and multiplies negative logits of tokens seen so far, in the prompt or after it (CTRL, arXiv
    /// 1909.05858); 1 does nothing.
    public var repetitionPenalty: Float?
    /// How many of the last tokens the repetition penalty looks at; nil for all.
    public var repetitionWindow: Int?
    /// Subtracted from the logits of tokens that were generated, as OpenAI defines it; -2 to 2.
    public var presencePenalty: Float?
    /// Subtracted from the logits of tokens for each time that they were generated; -2 to 2.
    public var frequencyPenalty: Float?
    /// Same seed, same tokens; nil draws a fresh seed.
    public var seed: UInt64?

    /// The model's own defaults, but for what is named.
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

    /// The most likely token, always, whatever the model's defaults are.
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

/// A sampling parameter out of range, or logits that cannot be sampled, in one sentence.
public enum SamplingError: Error, Equatable, CustomStringConvertible {
    /// The temperature is negative or not finite.
    case temperature(Float)
    /// Top-k is negative.
    case topK(Int)
    /// Top-p is not above 0 and up to 1.
    case topP(Float)
    /// Min-p is not from 0 to 1.
    case minP(Float)
    /// The repetition penalty is not a positive number.
    case repetitionPenalty(Float)
    /// The repetition penalty is to look at no token.
    case repetitionWindow(Int)
    /// The presence penalty is not from -2 to 2.
    case presencePenalty(Float)
    /// The frequency penalty is not from -2 to 2.
    case frequencyPenalty(Float)
    /// The weights are damaged.
    case logitsNotFinite

    public var description: String {
        switch self {
        case .temperature(let value): "the temperature is \(value); give 0 (greedy) or a positive number"
        case .topK(let value): "top-k is \(value); give 0 (all tokens) or a positive number"
        case .topP(let value): "top-p is \(value); give a number above 0 and up to 1"
        case .minP(let value): "min-p is \(value); give a number from 0 to 1"
        case .repetitionPenalty(let value):
            "the repetition penalty is \(value); give a positive number (1 does nothing)"
        case .repetitionWindow(let count):
            "the repetition penalty looks at the last \(count) tokens; give 1 or more"
        case .presencePenalty(let value): "the presence penalty is \(value); give a number from -2 to 2"
        case .frequencyPenalty(let value): "the frequency penalty is \(value); give a number from -2 to 2"
        case .logitsNotFinite:
            "the model's logits are not finite numbers; the checkpoint's weights are damaged or not meant for it"
        }
    }
}
