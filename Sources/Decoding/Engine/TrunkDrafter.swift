import Models
import Tensors

/// Drafts tokens with a sequence's own trunk, the final norm and `lm_head` (LayerSkip, arXiv 2404.16710).
///
/// Trunk and head run over drafts before they are appended to the sequence. The head's pass gives the whole model's logits
/// after each draft. Drafts that differ from the tokens chosen from these logits are removed (`TokenSequence.append`).
struct TrunkDrafter {
    /// Drafts up to `counts[n]` tokens after the last token of sequence n. The sequences share passes.
    ///
    /// - Precondition: the trunk has seen each sequence's last token.
    func draft(_ sequences: [TokenSequence], counts: [Int], engine: Engine) {
        guard let most = counts.max(), most > 0 else { return }
        for (sequence, count) in zip(sequences, counts) where count > 0 { sequence.beginDrafts() }
        for number in 0..<most {
            let drafting = sequences.indices.filter {
                counts[$0] > number && sequences[$0].drafts.count == number
            }
            guard !drafting.isEmpty else { return }
            engine.forEachTrunkLogits(of: drafting.map { sequences[$0] }) { sequence, logits in
                sequence.draft(from: logits)
            }
            engine.runTrunk(sequences) { counts[$0] > number && sequences[$0].drafts.count > number ? 1 : 0 }
        }
    }
}
