import Tensors

/// Makes tokens that have occurred less likely. It allocates only when it is made.
///
/// The repetition penalty counts prompt and answer, as transformers does. Presence and frequency penalty count only the answer,
/// as vLLM and OpenAI do.
struct TokenPenalties {
    private let rule: SamplingRule
    /// [vocabulary]
    private let adjusted: AlignedBuffer<Float>
    /// Tokens observed so far, each once.
    private var distinct: [Int] = []
    /// By token: the number of tokens observed up to its last occurrence, itself included; 0 for never.
    private var lastObserved: [Int]
    /// By token: the number of times that it was generated.
    private var generatedCount: [Int]
    private var observedCount = 0

    /// Nil if the rule has no penalty.
    init?(_ rule: SamplingRule, vocabularySize: Int) {
        guard rule.penalises else { return nil }
        self.rule = rule
        adjusted = AlignedBuffer(count: vocabularySize)
        lastObserved = Array(repeating: 0, count: vocabularySize)
        generatedCount = lastObserved
        distinct.reserveCapacity(vocabularySize)
    }

    mutating func observe(_ token: Int, isGenerated: Bool) {
        if lastObserved[token] == 0 { distinct.append(token) }
        observedCount += 1
        lastObserved[token] = observedCount
        if isGenerated { generatedCount[token] += 1 }
    }

    /// `logits` [vocabulary] with penalties applied; valid until the next call.
    func applied(to logits: UnsafeBufferPointer<Float>) -> UnsafeBufferPointer<Float> {
        guard let source = logits.baseAddress else { return logits }
        let values = adjusted.pointer
        values.update(from: source, count: logits.count)
        for token in distinct { values[token] = penalised(values[token], token) }
        return UnsafeBufferPointer(start: values, count: logits.count)
    }

    private func penalised(_ logit: Float, _ token: Int) -> Float {
        var logit = logit
        if observedCount - lastObserved[token] < rule.repetitionWindow {
            logit = logit < 0 ? logit * rule.repetitionPenalty : logit / rule.repetitionPenalty
        }
        let count = generatedCount[token]
        guard count > 0 else { return logit }
        return logit - rule.frequencyPenalty * Float(count) - rule.presencePenalty
    }
}
