import Tensors

/// The experts of a sparse feed-forward network and the router that chooses among them (Shazeer et al., arXiv 1701.06538;
/// Qwen3 technical report).
package final class Experts: Sendable {
    /// [experts, hidden]
    package let router: Linear
    package let all: [Expert]
    /// Experts that a token runs.
    package let chosenCount: Int
    /// Whether the chosen experts' probabilities are divided by their sum.
    package let renormalizes: Bool

    /// One expert: down · (silu(gate · x) ⊙ (up · x)).
    package struct Expert: Sendable {
        /// gate | up, two parts: [2·width, hidden]
        package let gateUp: Linear
        /// [hidden, width]
        package let down: Linear

        package init(gateUp: Linear, down: Linear) { (self.gateUp, self.down) = (gateUp, down) }

        package var byteCount: Int { gateUp.byteCount + down.byteCount }
    }

    /// - Precondition: every expert has one shape, and the router a row for each.
    package init(router: Linear, all: [Expert], chosenCount: Int, renormalizes: Bool) {
        precondition(router.rows == all.count && (1...all.count).contains(chosenCount))
        (self.router, self.all, self.chosenCount, self.renormalizes) = (router, all, chosenCount, renormalizes)
    }

    /// Width of one expert.
    package var width: Int { all[0].down.columns }

    /// Bytes of all experts' weights.
    package var expertByteCount: Int { all.reduce(0) { $0 + $1.byteCount } }

    /// Bytes that one token reads: the router and the chosen experts, which are equally large on average.
    package var byteCount: Int { router.byteCount + expertByteCount * chosenCount / all.count }
}
