import Foundation
import Tensors

/// Gates of the rows of a pass. Each gets the same bits as in a pass of one row.
extension ForwardPass {
    /// Computes the layer's gates, or those of its attention if attention and feed-forward have gates of their own.
    func openGates(_ routing: RoutingWeights, _ normed: UnsafePointer<Float>, rowCount: Int) {
        switch routing {
        case .flexiDepth(let router, _):
            forEachKernelRows(rowCount) { first, count in
                let rows = normed + first * stack.configuration.hiddenSize
                encode(selection.codes.pointer, rows, router, rowCount: count)
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

    /// Splits rows into groups that our own kernels take, so that no gate depends on the number of rows in a pass.
    private func forEachKernelRows(_ rowCount: Int, _ body: (_ first: Int, _ count: Int) -> Void) {
        for first in stride(from: 0, to: rowCount, by: Compute.kernelRows) {
            body(first, min(Compute.kernelRows, rowCount - first))
        }
    }

    /// Computes the gates of `count` rows from `first` on, from their `inputs` [count, gate's input].
    private func open(_ gate: Gate, _ inputs: UnsafePointer<Float>, first: Int, count: Int) {
        let gates = selection.gates.pointer + first
        compute.linear(gate.row, inputs, rowCount: count, output: gates)
        for row in 0..<count { gates[row] = 1 / (1 + expf(-(gates[row] + gate.offset))) }
    }

    /// codes [rowCount, code] = encoder · normed, then tanh and norm in the router's order.
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
