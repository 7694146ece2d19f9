public import Models

/// Routers decide which layers each token runs: FlexiDepth (arXiv 2503.23798), MindSkip (2410.13184) or mixture-of-depths
/// (2404.02258), as the model was trained.
public struct RoutedPlan: DecodePlan {
    public let method: RoutingMethod

    public init(_ method: RoutingMethod) { self.method = method }

    public var name: String { method.planName }
    public var layers: LayerChoice { .routed }
    public var needsSplit: Bool { false }
    // MindSkip: which half of a layer a token ran is not counted.
    public var byteCost: ByteCost { method == .mindSkip ? .unknown : .layerShares }
    public func headInput(at position: Int, promptCount: Int) -> HeadInput { .trunk }
    public func cycleIndex(of position: Int, promptCount: Int) -> Int? { nil }
}

extension DecodePlan where Self == RoutedPlan {
    /// Layers chosen by FlexiDepth's routers.
    public static var flexiDepth: RoutedPlan { RoutedPlan(.flexiDepth) }
    /// Attention and feed-forward chosen by MindSkip's gates.
    public static var mindSkip: RoutedPlan { RoutedPlan(.mindSkip) }
    /// Layers chosen by mixture-of-depths' routers.
    public static var mixtureOfDepths: RoutedPlan { RoutedPlan(.mixtureOfDepths) }
}

extension RoutingMethod {
    /// The plan's name, as `--plan` spells it.
    var planName: String { self == .mixtureOfDepths ? "mod" : rawValue }
}

extension PlanRequest {
    /// Layers chosen by routers, on a model that was trained with this method.
    public static func routed(_ method: RoutingMethod) -> PlanRequest {
        PlanRequest(method.planName) { configuration, _ throws(PlanError) in
            guard let trained = configuration.routing?.method else { throw .noRouters(plan: method.planName) }
            guard trained == method else { throw .otherRouters(plan: method.planName, trained: trained.planName) }
            return RoutedPlan(method)
        }
    }

    /// Layers chosen by FlexiDepth's routers.
    public static var flexiDepth: PlanRequest { .routed(.flexiDepth) }
    /// Attention and feed-forward chosen by MindSkip's gates.
    public static var mindSkip: PlanRequest { .routed(.mindSkip) }
    /// Layers chosen by mixture-of-depths' routers.
    public static var mixtureOfDepths: PlanRequest { .routed(.mixtureOfDepths) }
}

extension RoutedPlan {
    static let kinds = [RoutingMethod.flexiDepth, .mindSkip, .mixtureOfDepths].map { method in
        PlanKind(method.planName, help: "the default of a model with such routers") { .routed(method) }
    }
}
