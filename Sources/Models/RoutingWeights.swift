import Tensors

/// What lets a token skip a layer (FlexiDepth, arXiv 2503.23798): the router that decides, and what stands in for the layer.
package struct RoutingWeights: Sendable {
    package let router: Router
    package let adapter: Adapter

    package init(router: Router, adapter: Adapter) {
        self.router = router
        self.adapter = adapter
    }
}

/// From a token's normed residual a to its gate: sigmoid(output · code), the code made of encoder · a.
package struct Router: Sendable {
    /// What happens to encoder · a. The paper prints one order, a port of the released code has the other.
    package enum Order: String, Sendable, CaseIterable {
        case normThenTanh = "norm_tanh"
        case tanhThenNorm = "tanh_norm"
    }

    /// [code, hidden]
    package let encoder: Linear
    /// [code]
    package let norm: Vector
    package let order: Order
    /// [1, code], float32: the checkpoint's head · decoder, between which there is nothing.
    package let output: Linear
    /// Added to output · code: 0 but where a measurement forces gates.
    package let offset: Float

    package init(encoder: Linear, norm: Vector, order: Order, output: Linear, offset: Float = 0) {
        self.encoder = encoder
        self.norm = norm
        self.order = order
        self.output = output
        self.offset = offset
    }

    /// A token runs the layer where its gate is above this.
    static let threshold: Float = 0.5

    package var byteCount: Int { encoder.byteCount + output.byteCount }
}

/// A narrow feed-forward in place of the layer's: up · (silu(gate · z) ⊙ (down · z)).
package struct Adapter: Sendable {
    /// gate | down: [2·width, hidden]
    package let gateDown: Linear
    /// [hidden, width]
    package let up: Linear

    package init(gateDown: Linear, up: Linear) {
        self.gateDown = gateDown
        self.up = up
    }

    var width: Int { up.columns }
    package var byteCount: Int { gateDown.byteCount + up.byteCount }
}
