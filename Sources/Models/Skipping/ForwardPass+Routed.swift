import Tensors

/// Layers that a token may skip, by the method that trained their routers. Every token leaves its keys and values, so that
/// later ones see those that skipped.
extension ForwardPass {
    func runRouted(
        _ layer: LayerWeights, _ routing: RoutingWeights, _ index: Int, _ slab: Int, _ pass: LonePass,
        _ depths: inout DepthRecord
    ) {
        normalize(pass.hidden, layer.attentionNorm, rowCount: pass.rowCount)
        switch routing {
        case .flexiDepth(let router, let adapter):
            ask(router, pass)
            noteDecisions(index, pass, &depths)
            runOrAdapt(layer, adapter, slab, pass)
        case .mindSkip(let attention, let feedForward):
            runModules(layer, attention, feedForward, index, slab, pass, &depths)
        case .mixtureOfDepths(let gate):
            ask(gate, pass)
            noteDecisions(index, pass, &depths)
            runGated(layer, slab, pass)
        }
    }

    /// FlexiDepth (arXiv 2503.23798): with gate g, a row that runs becomes y = h + g · feedForward(norm(h)),
    /// h = x + attention(norm(x)), and one that skips x + (1 − g) · adapter(norm(x)).
    private func runOrAdapt(_ layer: LayerWeights, _ adapter: Adapter, _ slab: Int, _ pass: LonePass) {
        attendParted(layer, slab, pass)
        let (running, skipping) = (parting.running, parting.skipping)
        runFeedForward(layer.feedForwardNorm, layer.gateUp, layer.down, of: running, times: running.factors, pass)
        runFeedForward(
            layer.feedForwardNorm, adapter.gateDown, adapter.up, of: skipping, times: skipping.factors, pass)
    }

    /// MindSkip (arXiv 2410.13184): attention and feed-forward each run, unscaled, or add nothing. Either is half a layer.
    private func runModules(
        _ layer: LayerWeights, _ attention: Gate, _ feedForward: Gate, _ index: Int, _ slab: Int,
        _ pass: LonePass, _ depths: inout DepthRecord
    ) {
        ask(attention, pass)
        forEachGate(pass) { depths.note(index, at: $0, share: $1 ? 0.5 : 0, gate: $2 / 2) }
        attendParted(layer, slab, pass)
        normalize(pass.hidden, layer.feedForwardNorm, rowCount: pass.rowCount)
        ask(feedForward, pass)
        forEachGate(pass) { depths.noteMore(index, at: $0, share: $1 ? 0.5 : 0, gate: $2 / 2) }
        runFeedForward(
            layer.feedForwardNorm, layer.gateUp, layer.down, of: parting.running, times: parting.ones, pass)
    }

    /// Mixture-of-depths (arXiv 2404.02258): y = x + g · (layer(x) − x) of a row that runs; one that skips stays as it is.
    private func runGated(_ layer: LayerWeights, _ slab: Int, _ pass: LonePass) {
        let (running, width) = (parting.running, stack.configuration.hiddenSize)
        gather(running, of: pass.hidden, into: parting.before)
        attendParted(layer, slab, pass)
        runFeedForward(layer.feedForwardNorm, layer.gateUp, layer.down, of: running, times: parting.ones, pass)
        for number in 0..<running.count {
            let (before, gate) = (parting.before.pointer + number * width, running.factors.pointer[number])
            let row = pass.hidden + running.rows.pointer[number] * width
            // So written, a gate of 1 leaves the plain layer's bits.
            for column in 0..<width { row[column] = gate * row[column] + (1 - gate) * before[column] }
        }
    }

    private func noteDecisions(_ index: Int, _ pass: LonePass, _ depths: inout DepthRecord) {
        forEachGate(pass) { depths.note(index, at: $0, share: $1 ? 1 : 0, gate: $2) }
    }

    private func forEachGate(_ pass: LonePass, _ body: (_ position: Int, _ runs: Bool, _ gate: Float) -> Void) {
        for row in 0..<pass.rowCount {
            let gate = parting.gates.pointer[row]
            body(pass.position(ofRow: row), gate > Gate.threshold, gate)
        }
    }
}
