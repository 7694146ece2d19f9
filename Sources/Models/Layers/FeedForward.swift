import Tensors

/// A layer's feed-forward network, or an adapter in its place.
package enum FeedForward: Sendable {
    /// down · (silu(gate · x) ⊙ (up · x)) (SwiGLU, arXiv 2002.05202).
    ///
    /// `gateUp` is gate | up, two parts: [2·width, hidden]; `down` is [hidden, width].
    case dense(gateUp: Linear, down: Linear)

    /// The matrices that a pass reads.
    package var matrices: [Linear] {
        switch self {
        case .dense(let gateUp, let down): [gateUp, down]
        }
    }

    /// Bytes that a pass reads.
    package var byteCount: Int { matrices.reduce(0) { $0 + $1.byteCount } }

    /// Merges several feed-forward networks: the first plus the others' differences from it (LaCo, arXiv 2402.11187).
    ///
    /// - Throws: `ConversionError` if quantised weights would hold a value that is not finite.
    static func collapsed(_ first: FeedForward, _ others: [FeedForward]) throws(ConversionError) -> FeedForward {
        switch first {
        case .dense(let gateUp, let down):
            .dense(
                gateUp: try .collapsed(gateUp, others.map { $0.matrices[0] }),
                down: try .collapsed(down, others.map { $0.matrices[1] }))
        }
    }
}

extension ForwardPass {
    /// output = feedForward(normed), both [rowCount, hidden].
    func feed(
        _ output: UnsafeMutablePointer<Float>, _ normed: UnsafePointer<Float>, _ weights: FeedForward, rowCount: Int,
        isRowExact: Bool
    ) {
        switch weights {
        case .dense(let gateUp, let down):
            let (states, inner) = (scratch.gateUp.pointer, scratch.inner.pointer)
            compute.linear(gateUp, normed, rowCount: rowCount, isRowExact: isRowExact, output: states)
            compute.swiglu(states, rowCount: rowCount, width: down.columns, output: inner)
            compute.linear(down, inner, rowCount: rowCount, isRowExact: isRowExact, output: output)
        }
    }
}
