/// How the next token is drawn from the logits. The default is greedy.
///
/// Steps follow transformers' order: repetition penalty, temperature, top-k, top-p, min-p.
public struct SamplingParameters: Sendable, Equatable {
    /// 0 takes the most likely token; else logits are divided by it.
    public var temperature: Float
    /// Keeps the k most likely tokens; 0 keeps all.
    public var topK: Int
    /// Keeps the fewest most likely tokens whose probabilities reach p; 1 keeps all.
    public var topP: Float
    /// Keeps tokens at least this share as likely as the most likely one; 0 keeps all.
    public var minP: Float
    /// Divides positive and multiplies negative logits of tokens seen so far (CTRL, arXiv 1909.05858); 1 does nothing.
    public var repetitionPenalty: Float
    /// Same seed, same tokens; nil draws a fresh seed.
    public var seed: UInt64?

    /// Greedy, unless told otherwise.
    public init(
        temperature: Float = 0, topK: Int = 0, topP: Float = 1, minP: Float = 0, repetitionPenalty: Float = 1,
        seed: UInt64? = nil
    ) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.repetitionPenalty = repetitionPenalty
        self.seed = seed
    }

    /// The most likely token, always.
    public static let greedy = SamplingParameters()

    /// - Throws: `SamplingError` naming the parameter that is out of range.
    package func check() throws(SamplingError) {
        guard temperature >= 0, temperature.isFinite else { throw .temperature(temperature) }
        guard topK >= 0 else { throw .topK(topK) }
        guard topP > 0, topP <= 1 else { throw .topP(topP) }
        guard minP >= 0, minP <= 1 else { throw .minP(minP) }
        guard repetitionPenalty > 0, repetitionPenalty.isFinite else { throw .repetitionPenalty(repetitionPenalty) }
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
        case .logitsNotFinite:
            "the model's logits are not finite numbers; the checkpoint's weights are damaged or not meant for it"
        }
    }
}
