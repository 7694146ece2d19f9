import Models
import Tensors

/// Drafts tokens with a sequence's own head, as the later passes of a cycle of multi-token decoding emit theirs: fed the embedding
/// of the last token or draft.
///
/// The keys and values of these passes are forgotten. The pass that verifies makes its own, fed T.
struct HeadDrafter {
    /// Drafts up to `counts[n]` tokens after the last token of sequence n. The sequences share passes.
    ///
    /// - Precondition: the head lacks each sequence's last token alone.
    func draft(_ sequences: [TokenSequence], counts: [Int], engine: Engine) {
        guard let most = counts.max(), most > 0 else { return }
        for (sequence, count) in zip(sequences, counts) where count > 0 { sequence.beginDrafts() }
        for number in 0..<most {
            let drafting = sequences.indices.filter {
                counts[$0] > number && sequences[$0].drafts.count == number
            }.map { sequences[$0] }
            guard !drafting.isEmpty else { break }
            engine.runHead(drafting, .cycle, fed: .embedding) { _ in 1 }
            engine.forEachLogits(of: drafting, .cycle) { sequence, logits in sequence.draft(from: logits) }
        }
        for (sequence, count) in zip(sequences, counts) where count > 0 { sequence.forgetHeadOfDrafts() }
    }
}
