import Tensors

/// The weights that decide whether a token skips a layer, or a part of one.
package enum RoutingWeights: Sendable {
    /// A router, and an adapter that runs in the layer's place (FlexiDepth, arXiv 2503.23798).
    case flexiDepth(Router, adapter: FeedForward)
    /// A gate for attention and one for the feed-forward (MindSkip, arXiv 2410.13184).
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

    /// Bytes of the router or gates.
    package var routerByteCount: Int {
        switch self {
        case .flexiDepth(let router, _): router.byteCount
        case .mindSkip(let attention, let feedForward): attention.row.byteCount + feedForward.row.byteCount
        case .mixtureOfDepths(let gate): gate.row.byteCount
        }
    }
}
