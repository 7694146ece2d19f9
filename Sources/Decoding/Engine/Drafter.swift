import Models
import Tensors

/// Drafts by a sequence's own trunk, with the final norm and `lm_head` (LayerSkip, arXiv 2404.16710).
///
/// Drafts are tokens that trunk and head run over, but that nobody has appended yet. The head's pass over them gives the whole
/// model's logits after each; those that the tokens chosen from these contradict are forgotten (`TokenSequence.append`).
struct TrunkDrafter {
    /// Drafts up to `counts[n]` tokens after the last one of sequence n, whose trunk has seen it. The sequences share passes.
    ///
    /// Logits that are NaN end a sequence's drafts: the head's own logits then say whether the model is damaged.
    func draft(_ sequences: [TokenSequence], counts: [Int], engine: Engine) {
        guard let most = counts.max(), most > 0 else { return }
        for (sequence, count) in zip(sequences, counts) where count > 0 { sequence.beginDrafts(count: count) }
        for number in 0..<most {
            let drafting = sequences.indices.filter {
                counts[$0] > number && sequences[$0].drafts.tokens.count == number
            }
            guard !drafting.isEmpty else { return }
            engine.forEachTrunkLogits(of: drafting.map { sequences[$0] }) { sequence, logits in
                if let token = logits.argmax { sequence.drafts.append(token) }
            }
            engine.runTrunk(sequences) { counts[$0] > number && sequences[$0].drafts.tokens.count > number ? 1 : 0 }
        }
    }
}

extension TokenSequence {
    fileprivate func beginDrafts(count: Int) {
        drafts.begin(at: tokens.count - 1, count: count, vocabularySize: configuration.vocabularySize)
    }
}
