import Foundation
import Tensors

/// Gates of the rows of a pass, each computed as it is for a row alone.
extension ForwardPass {
    /// The gates of the layer, or of its attention where each module has its own.
    func openGates(_ routing: RoutingWeights, _ normed: UnsafePointer<Float>, rowCount: Int) {
        switch routing {
        case .flexiDepth(let router, _):
            forEachKernelRows(rowCount) { first, count in
                encode(selection.codes.pointer, normed + first * stack.configuration.hiddenSize, router, rowCount: count)
                open(router.gate, selection.codes.pointer, first: first, count: count)
            }
        case .mindSkip(let gate, _), .mixtureOfDepths(let gate): open(gate, normed, rowCount: rowCount)
        }
    }

    /// gates = sigmoid(gate · normed + offset)
    func open(_ gate: Gate, _ normed: UnsafePointer<Float>, rowCount: Int) {
        forEachKernelRows(rowCount) { first, count in
            open(gate, normed + first * stack.configuration.hiddenSize, first: first, count: count)
        }
    }

    /// At most as many rows at a time as our own kernels take: no decision may depend on how many share a pass.
    private func forEachKernelRows(_ rowCount: Int, _ body: (_ first: Int, _ count: Int) -> Void) {
        for first in stride(from: 0, to: rowCount, by: Compute.kernelRows) {
            body(first, min(Compute.kernelRows, rowCount - first))
        }
    }

    /// The gates of `count` rows from `first` on; `inputs` [count, gate's input] are theirs.
    private func open(_ gate: Gate, _ inputs: UnsafePointer<Float>, first: Int, count: Int) {
        let gates = selection.gates.pointer + first
        compute.linear(gate.row, inputs, rowCount: count, output: gates)
        for row in 0..<count { gates[row] = 1 / (1 + expf(-(gates[row] + gate.offset))) }
    }

    /// codes [rowCount, code] = tanh and norm of encoder · normed, in the router's order.
    private func encode(
        _ codes: UnsafeMutablePointer<Float>, _ normed: UnsafePointer<Float>, _ router: Router, rowCount: Int
    ) {
        let width = router.encoder.rows
        func norm() {
            compute.normalizeRows(
                codes, rowCount: rowCount, width: width, weight: router.norm.pointer,
                epsilon: stack.configuration.normEpsilon, output: codes)
        }
        func tanh() { compute.tanh(codes, count: rowCount * width) }
        compute.linear(router.encoder, normed, rowCount: rowCount, output: codes)
        switch router.order {
        case .normThenTanh:
            norm()
            tanh()
        case .tanhThenNorm:
            tanh()
            norm()
        }
    }
}
