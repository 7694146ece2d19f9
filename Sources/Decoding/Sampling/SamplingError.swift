public import Foundation

/// A sampling parameter that is out of range, or logits that cannot be sampled, in one sentence.
public enum SamplingError: Error, Equatable, CustomStringConvertible {
    /// The temperature is negative or not finite.
    case temperature(Float)
    /// Top-k is negative.
    case topK(Int)
    /// Top-p is not above 0 and at most 1.
    case topP(Float)
    /// Min-p is not from 0 to 1.
    case minP(Float)
    /// The repetition penalty is not a positive number.
    case repetitionPenalty(Float)
    /// The repetition window is below 1.
    case repetitionWindow(Int)
    /// The presence penalty is not from -2 to 2.
    case presencePenalty(Float)
    /// The frequency penalty is not from -2 to 2.
    case frequencyPenalty(Float)
    /// The logits are not finite: the weights are damaged.
    case logitsNotFinite
    /// Logit processors have ruled out every token.
    case noTokenAllowed
    /// `LogitProcessor.allowedTokens` returned an id that is negative or beyond the vocabulary.
    case allowedTokenOutOfRange(Int, vocabularySize: Int)
    /// A logit processor wrote NaN or +∞.
    case processedNotFinite

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
        case .noTokenAllowed:
            "the logit processors rule out every token; allow at least one, such as an end token"
        case .allowedTokenOutOfRange(let token, let size):
            "a logit processor allows token id \(token), which is outside the vocabulary; ids run from 0 to \(size - 1)"
        case .processedNotFinite:
            "a logit processor wrote NaN or +infinity; write finite numbers, or -infinity for a token that may not come"
        }
    }
}

extension SamplingError: LocalizedError {
    /// The same sentence as `description`.
    public var errorDescription: String? { description }
}
