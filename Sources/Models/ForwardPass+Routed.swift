import Foundation
import Tensors

/// Layers that a token may skip (FlexiDepth, arXiv 2503.23798).
extension ForwardPass {
    /// Every row asks the router and leaves its keys and values; then, with gate g, a row that runs becomes
    /// y = h + g · feedForward(norm(h)), h = x + attention(norm(x)), and one that skips x + (1 − g) · adapter(norm(x)).
    func runRouted(
        _ layer: LayerWeights, _ routing: RoutingWeights, _ index: Int, _ slab: Int, _ pass: LonePass,
        _ depths: inout DepthRecord
    ) {
        let heads = leaveKeyValues(layer, slab, pass)
        askRouter(routing.router, index, pass, &depths)
        runAttention(layer, heads, pass)
        let (running, skipping) = (parting.running, parting.skipping)
        runFeedForward(layer.feedForwardNorm, layer.gateUp, layer.down, of: running, times: running.factors, pass)
        let adapter = routing.adapter
        runFeedForward(
            layer.feedForwardNorm, adapter.gateDown, adapter.up, of: skipping, times: skipping.factors, pass)
    }

    /// Divides the rows into those that run, times g, and those that skip, times 1 − g.
    private func askRouter(_ router: Router, _ index: Int, _ pass: LonePass, _ depths: inout DepthRecord) {
        parting.running.removeAll()
        parting.skipping.removeAll()
        // As many rows at a time as our kernels take: no decision may depend on how many share a pass.
        for first in stride(from: 0, to: pass.rowCount, by: Compute.kernelRows) {
            computeGates(router, first: first, count: min(Compute.kernelRows, pass.rowCount - first))
        }
        for row in 0..<pass.rowCount {
            let (gate, position) = (parting.gates.pointer[row], pass.firstPosition + row)
            let runs = gate > Router.threshold
            (runs ? parting.running : parting.skipping)
                .append(row: row, position: position, factor: runs ? gate : 1 - gate)
            depths.note(index, at: position, ran: runs, gate: gate)
        }
    }

    /// g = sigmoid(output · code), the code of `count` rows from `first` on being tanh and norm of encoder · normed.
    private func computeGates(_ router: Router, first: Int, count: Int) {
        let codes = parting.codes.pointer
        let width = router.encoder.rows
        let gates = parting.gates.pointer + first
        func norm() {
            compute.normalizeRows(
                codes, rowCount: count, width: width, weight: router.norm.pointer,
                epsilon: stack.configuration.normEpsilon, output: codes)
        }
        func tanh() { for index in 0..<count * width { codes[index] = tanhf(codes[index]) } }
        compute.linear(
            router.encoder, scratch.normed.pointer + first * stack.configuration.hiddenSize, rowCount: count,
            output: codes)
        switch router.order {
        case .normThenTanh:
            norm()
            tanh()
        case .tanhThenNorm:
            tanh()
            norm()
        }
        compute.linear(router.output, codes, rowCount: count, output: gates)
        for row in 0..<count { gates[row] = 1 / (1 + expf(-(gates[row] + router.offset))) }
    }
}
