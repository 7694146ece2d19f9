import Foundation
import Tensors

/// What routers say of each row of a pass, and how they divide it.
extension ForwardPass {
    /// Divides the rows by what `router` makes of `normed`: tanh and norm of encoder · normed are its gate's input.
    func ask(_ router: Router, _ pass: LonePass) {
        divide(pass) { first, count in
            encode(router, first: first, count: count)
            open(router.gate, parting.codes.pointer, first: first, count: count)
        }
    }

    /// Divides the rows by what `gate` makes of `normed`.
    func ask(_ gate: Gate, _ pass: LonePass) {
        let width = stack.configuration.hiddenSize
        divide(pass) { first, count in
            open(gate, scratch.normed.pointer + first * width, first: first, count: count)
        }
    }

    /// Divides the rows into those that run, times g, and those that skip, times 1 − g.
    ///
    /// - Parameter open: fills in the gates of `count` rows from `first` on.
    private func divide(_ pass: LonePass, _ open: (_ first: Int, _ count: Int) -> Void) {
        parting.running.removeAll()
        parting.skipping.removeAll()
        // As many rows at a time as our kernels take: no decision may depend on how many share a pass.
        for first in stride(from: 0, to: pass.rowCount, by: Compute.kernelRows) {
            open(first, min(Compute.kernelRows, pass.rowCount - first))
        }
        for row in 0..<pass.rowCount {
            let gate = parting.gates.pointer[row]
            let runs = gate > Gate.threshold
            (runs ? parting.running : parting.skipping)
                .append(row: row, entry: pass.firstEntry + row, factor: runs ? gate : 1 - gate)
        }
    }

    /// gates = sigmoid(row · inputs), of `count` rows from `first` on
    private func open(_ gate: Gate, _ inputs: UnsafePointer<Float>, first: Int, count: Int) {
        let gates = parting.gates.pointer + first
        compute.linear(gate.row, inputs, rowCount: count, output: gates)
        for row in 0..<count { gates[row] = 1 / (1 + expf(-(gates[row] + gate.offset))) }
    }

    /// The codes of `count` rows from `first` on.
    private func encode(_ router: Router, first: Int, count: Int) {
        let codes = parting.codes.pointer
        let width = router.encoder.rows
        func norm() {
            compute.normalizeRows(
                codes, rowCount: count, width: width, weight: router.norm.pointer,
                epsilon: stack.configuration.normEpsilon, output: codes)
        }
        func tanh() { compute.tanh(codes, count: count * width) }
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
    }
}
