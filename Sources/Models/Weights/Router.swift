import Tensors

/// FlexiDepth's router: encodes a token's normed residual a, and feeds the code to a gate.
package final class Router: Sendable {
    /// The order of norm and tanh after encoder · a. The paper prints one order; a port of the released code has the other.
    package enum Order: String, Sendable, CaseIterable {
        case normThenTanh = "norm_tanh"
        case tanhThenNorm = "tanh_norm"
    }

    /// [code, hidden]
    package let encoder: Linear
    /// [code]
    package let norm: Vector
    package let order: Order
    /// The gate's row is [1, code], float32: the checkpoint's head · decoder, which have no activation between them.
    package let gate: Gate

    package init(encoder: Linear, norm: Vector, order: Order, gate: Gate) {
        self.encoder = encoder
        self.norm = norm
        self.order = order
        self.gate = gate
    }

    package var byteCount: Int { encoder.byteCount + gate.row.byteCount }
}
