import Tensors

/// A layer's feed-forward network, or an adapter in its place.
package enum FeedForward: Sendable {
    /// down · (silu(gate · x) ⊙ (up · x)) (SwiGLU, arXiv 2002.05202).
    ///
    /// `gateUp` is gate | up, two parts: [2·width, hidden]; `down` is [hidden, width].
    case dense(gateUp: Linear, down: Linear)
    /// Σ weight · expert(x) over the experts that the router chooses for a token.
    case experts(Experts)

    /// All matrices, of which a pass through experts reads some.
    package var matrices: [Linear] {
        switch self {
        case .dense(let gateUp, let down): [gateUp, down]
        case .experts(let experts): [experts.router] + experts.all.flatMap { [$0.gateUp, $0.down] }
        }
    }

    /// Bytes that a pass over one token reads.
    package var byteCount: Int {
        switch self {
        case .dense(let gateUp, let down): gateUp.byteCount + down.byteCount
        case .experts(let experts): experts.byteCount
        }
    }

    /// Merges several feed-forward networks: the first plus the others' differences from it (LaCo, arXiv 2402.11187).
    ///
    /// - Precondition: none has experts.
    /// - Throws: `ConversionError` if quantised weights would hold a value that is not finite.
    static func collapsed(_ first: FeedForward, _ others: [FeedForward]) throws(ConversionError) -> FeedForward {
        switch first {
        case .dense(let gateUp, let down):
            .dense(
                gateUp: try .collapsed(gateUp, others.map { $0.matrices[0] }),
                down: try .collapsed(down, others.map { $0.matrices[1] }))
        case .experts: preconditionFailure("experts are not merged")
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
            feed(output, normed, gateUp, down, rowCount: rowCount, isRowExact: isRowExact)
        case .experts(let experts):
            feed(output, normed, experts, rowCount: rowCount)
        }
    }

    /// output = down · (silu(gate · normed) ⊙ (up · normed)), both [rowCount, hidden].
    private func feed(
        _ output: UnsafeMutablePointer<Float>, _ normed: UnsafePointer<Float>, _ gateUp: Linear, _ down: Linear,
        rowCount: Int, isRowExact: Bool
    ) {
        let (states, inner) = (scratch.gateUp.pointer, scratch.inner.pointer)
        compute.linear(gateUp, normed, rowCount: rowCount, isRowExact: isRowExact, output: states)
        compute.swiglu(states, rowCount: rowCount, width: down.columns, output: inner)
        compute.linear(down, inner, rowCount: rowCount, isRowExact: isRowExact, output: output)
    }

    /// output = Σ weight · expert(normed) over each row's chosen experts, in the order of the experts, both [rowCount, hidden].
    ///
    /// How many rows share an expert depends on the pass, so every product is row-exact.
    private func feed(
        _ output: UnsafeMutablePointer<Float>, _ normed: UnsafePointer<Float>, _ experts: Experts, rowCount: Int
    ) {
        guard let routing else { preconditionFailure("a pass through experts has room for their rows") }
        let width = stack.configuration.hiddenSize
        compute.linear(
            experts.router, normed, rowCount: rowCount, isRowExact: true, output: routing.probabilities.pointer)
        routing.choose(rowCount: rowCount, experts)
        profile?.addExperts(
            PassProfile.ExpertPass(
                experts: ObjectIdentifier(experts),
                chosen: (0..<rowCount).map { Array(routing.experts(ofRow: $0, chosenCount: experts.chosenCount)) }))
        output.update(repeating: 0, count: rowCount * width)
        for (index, expert) in experts.all.enumerated() {
            let count = routing.collect(index, rowCount: rowCount, chosenCount: experts.chosenCount)
            guard count > 0 else { continue }
            let (rows, inputs, outputs) = (routing.rows.pointer, routing.inputs.pointer, routing.outputs.pointer)
            compute.gather(rows, count: count, of: normed, width: width, into: inputs)
            feed(outputs, inputs, expert.gateUp, expert.down, rowCount: count, isRowExact: true)
            compute.add(
                outputs, scaledBy: routing.rowWeights.pointer, toRows: rows, count: count, of: output, width: width)
        }
    }
}
