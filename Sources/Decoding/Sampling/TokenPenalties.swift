import Tensors

/// Makes tokens that occurred less likely. All memory is taken when it is made.
///
/// The repetition penalty counts prompt and answer, as in transformers; presence and frequency penalty count the answer
/// alone, as in vLLM and at OpenAI.
struct TokenPenalties {
    private let rule: SamplingRule
    /// [vocabulary]
    private let adjusted: AlignedBuffer<Float>
    /// Tokens observed so far, each once.
    private var distinct: [Int] = []
    /// By token: how many tokens had been observed when it was observed last, itself included; 0 for never.
    private var lastPlace: [Int]
    /// By token: how often it was generated.
    private var generatedCount: [Int]
    private var observedCount = 0

    /// Nil where the rule has no penalty.
    init?(_ rule: SamplingRule, vocabularySize: Int) {
        guard rule.penalises else { return nil }
        self.rule = rule
        adjusted = AlignedBuffer(count: vocabularySize)
        lastPlace = Array(repeating: 0, count: vocabularySize)
        generatedCount = lastPlace
        distinct.reserveCapacity(vocabularySize)
    }

    mutating func observe(_ token: Int, isGenerated: Bool) {
        if lastPlace[token] == 0 { distinct.append(token) }
        observedCount += 1
        lastPlace[token] = observedCount
        if isGenerated { generatedCount[token] += 1 }
    }

    /// `logits` [vocabulary] with the penalties; valid until the next call.
    func applied(to logits: UnsafeBufferPointer<Float>) -> UnsafeBufferPointer<Float> {
        guard let source = logits.baseAddress else { return logits }
        let values = adjusted.pointer
        values.update(from: source, count: logits.count)
        for token in distinct { values[token] = penalised(values[token], token) }
        return UnsafeBufferPointer(start: values, count: logits.count)
    }

    private func penalised(_ logit: Float, _ token: Int) -> Float {
        var logit = logit
        if observedCount - lastPlace[token] < rule.repetitionWindow {
            logit = logit < 0 ? logit * rule.repetitionPenalty : logit / rule.repetitionPenalty
        }
        let count = generatedCount[token]
        guard count > 0 else { return logit }
        return logit - rule.frequencyPenalty * Float(count) - rule.presencePenalty
    }
}
