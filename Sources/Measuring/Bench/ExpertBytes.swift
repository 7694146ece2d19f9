import Foundation
import Models

/// Bytes of the experts that a pass reads: τ tokens touch the union of their experts.
package struct ExpertBytes: Sendable {
    /// Bytes of all experts of all layers.
    let all: Int
    /// The share of a layer's experts that one token runs.
    let chosenShare: Double

    init(all: Int, _ experts: ExpertConfiguration) {
        self.all = all
        chosenShare = Double(experts.chosenCount) / Double(experts.count)
    }

    /// Nil if no layer is sparse.
    init?(_ layers: ArraySlice<LayerWeights>) {
        let sparse = layers.compactMap { layer -> Experts? in
            guard case .experts(let experts) = layer.feedForward else { return nil }
            return experts
        }
        guard let first = sparse.first else { return nil }
        all = sparse.reduce(0) { $0 + $1.expertByteCount }
        chosenShare = Double(first.chosenCount) / Double(first.all.count)
    }

    /// Bytes that a pass over `rows` tokens reads beyond those of one token, if every token's experts are drawn independently:
    /// the expected union is 1 − (1 − chosenShare)^rows. Neighbouring tokens share experts, so trained models read less.
    func more(rows: Double) -> Double { Double(all) * (1 - pow(1 - chosenShare, rows) - chosenShare) }
}
