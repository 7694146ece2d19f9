public import Models

/// FlexiDepth (arXiv 2503.23798): in each routed layer the token's router decides whether it runs.
public struct RoutedPlan: DecodePlan {
    public init() {}

    public var name: String { "flexidepth" }
    public var layers: LayerChoice { .routed }
    public var needsSplit: Bool { false }
    public func headInput(at position: Int, promptCount: Int) -> HeadInput { .trunk }
    public func cyclePlace(of position: Int, promptCount: Int) -> Int? { nil }
}

extension DecodePlan where Self == RoutedPlan {
    /// Routed layers as their routers say.
    public static var flexiDepth: RoutedPlan { RoutedPlan() }
}
