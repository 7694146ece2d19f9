public import Models

/// In each routed layer the token's router decides whether it runs: FlexiDepth (arXiv 2503.23798), MindSkip (2410.13184) or
/// mixture-of-depths (2404.02258), as the model was trained.
public struct RoutedPlan: DecodePlan {
    public let method: RoutingMethod

    public init(_ method: RoutingMethod) { self.method = method }

    public var name: String { method.planName }
    public var layers: LayerChoice { .routed }
    public var needsSplit: Bool { false }
    public func headInput(at position: Int, promptCount: Int) -> HeadInput { .trunk }
    public func cyclePlace(of position: Int, promptCount: Int) -> Int? { nil }
}

extension DecodePlan where Self == RoutedPlan {
    /// Routed layers as FlexiDepth's routers say.
    public static var flexiDepth: RoutedPlan { RoutedPlan(.flexiDepth) }
    /// Attentions and feed-forwards as MindSkip's gates say.
    public static var mindSkip: RoutedPlan { RoutedPlan(.mindSkip) }
    /// Routed layers as mixture-of-depths' routers say.
    public static var mixtureOfDepths: RoutedPlan { RoutedPlan(.mixtureOfDepths) }
}

extension RoutingMethod {
    /// As `--plan` spells it.
    var planName: String { self == .mixtureOfDepths ? "mod" : rawValue }
}
