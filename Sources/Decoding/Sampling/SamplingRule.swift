/// Sampling parameters with neutral values in place of nil.
struct SamplingRule: Sendable, Equatable {
    let temperature: Float
    let topK: Int
    let topP: Float
    let minP: Float
    let repetitionPenalty: Float
    let repetitionWindow: Int
    let presencePenalty: Float
    let frequencyPenalty: Float

    init(_ parameters: SamplingParameters) {
        temperature = parameters.temperature ?? 0
        topK = parameters.topK ?? 0
        topP = parameters.topP ?? 1
        minP = parameters.minP ?? 0
        repetitionPenalty = parameters.repetitionPenalty ?? 1
        repetitionWindow = parameters.repetitionWindow ?? .max
        presencePenalty = parameters.presencePenalty ?? 0
        frequencyPenalty = parameters.frequencyPenalty ?? 0
    }

    /// Whether tokens are sampled, rather than the most likely one taken.
    var draws: Bool { temperature > 0 }

    /// Whether earlier tokens change the logits.
    var penalises: Bool { repetitionPenalty != 1 || presencePenalty != 0 || frequencyPenalty != 0 }
}
