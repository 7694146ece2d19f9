import Models
import Tensors

/// Drafts tokens with a smaller model of the same vocabulary, greedily or with the random numbers of the tokens' places.
///
/// Each sequence has a twin, which the smaller model's engine runs. It keeps what it has computed for the tokens that both share.
final class ModelDrafter {
    private let engine: Engine
    private let vocabularySize: Int

    /// - Parameters:
    ///   - draft: the smaller model.
    ///   - vocabularySize: that of the model that verifies. Further ids of the smaller model are never drafted.
    /// - Throws: `SessionError` if the system refuses a thread.
    init(
        _ draft: LayerStack, options: SessionOptions, batchSize: Int, vocabularySize: Int
    ) throws(SessionError) {
        engine = try Engine(draft, options: options, batchSize: batchSize)
        self.vocabularySize = min(vocabularySize, draft.configuration.vocabularySize)
    }

    /// Drafts up to `counts[n]` tokens after the last token of sequence n. The sequences share passes.
    func draft(_ sequences: [TokenSequence], counts: [Int], isCancelled: () -> Bool) {
        guard let most = counts.max(), most > 0 else { return }
        for (sequence, count) in zip(sequences, counts) where count > 0 {
            sequence.beginDrafts()
            let twin = sequence.draftTwin ?? engine.makeSequence()
            sequence.draftTwin = twin
            // A context that is full, or an id that the smaller model lacks, leaves the twin as it is.
            try? twin.restart(sequence.tokens, plan: .vanilla)
        }
        for number in 0..<most {
            let drafting = sequences.indices.filter { index in
                let sequence = sequences[index]
                return counts[index] > number && sequence.drafts.count == number
                    && sequence.draftTwin?.tokens.count == sequence.drafts.end
            }.map { sequences[$0] }
            let twins = drafting.compactMap(\.draftTwin)
            guard !drafting.isEmpty, engine.run(twins, isCancelled: isCancelled) else { return }
            for (sequence, twin) in zip(drafting, twins) where (try? twin.checkCache()) != nil {
                sequence.draft(from: UnsafeBufferPointer(rebasing: twin.logits[..<vocabularySize]))
                if let token = sequence.drafts.lastToken, sequence.drafts.count > number {
                    try? twin.append(token)
                }
            }
        }
    }
}
