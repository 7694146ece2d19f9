import Tensors

/// What lets a token skip a layer, or a part of one.
package enum RoutingWeights: Sendable {
    /// A router decides, and an adapter stands in for the layer (FlexiDepth, arXiv 2503.23798).
    case flexiDepth(Router, adapter: FeedForward)
    /// A gate for each module (MindSkip, arXiv 2410.13184).
    case mindSkip(attention: Gate, feedForward: Gate)
    /// A gate for the layer (mixture-of-depths, arXiv 2404.02258).
    case mixtureOfDepths(Gate)

    package var router: Router? {
        if case .flexiDepth(let router, _) = self { router } else { nil }
    }

    /// A narrow feed-forward in place of the layer's.
    package var adapter: FeedForward? {
        if case .flexiDepth(_, let adapter) = self { adapter } else { nil }
    }

    /// Bytes of what decides.
    package var routerByteCount: Int {
        switch self {
        case .flexiDepth(let router, _): router.byteCount
        case .mindSkip(let attention, let feedForward): attention.row.byteCount + feedForward.row.byteCount
        case .mixtureOfDepths(let gate): gate.row.byteCount
        }
    }
}

/// How open a layer or a module is to a token: g = sigmoid(row · input + offset).
package struct Gate: Sendable {
    /// [1, input]
    package let row: Linear
    /// 0 but where a measurement forces gates.
    package let offset: Float

    package init(row: Linear, offset: Float = 0) {
        self.row = row
        self.offset = offset
    }

    /// A token runs what its gate is above this for.
    static let threshold: Float = 0.5
}

/// From a token's normed residual a to its gate, whose input is a code made of encoder · a.
package final class Router: Sendable {
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
    /// Its row is [1, code], float32: the checkpoint's head · decoder, between which there is nothing.
    package let gate: Gate

    package init(encoder: Linear, norm: Vector, order: Order, gate: Gate) {
        self.encoder = encoder
        self.norm = norm
        self.order = order
        self.gate = gate
    }

    package var byteCount: Int { encoder.byteCount + gate.row.byteCount }
}
