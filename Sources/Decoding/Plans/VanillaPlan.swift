public import Models

/// Ordinary decoding: all layers for every token.
public struct VanillaPlan: DecodePlan {
    public init() {}

    public var name: String { "off" }
    public var isFactor: Bool { true }
    public var isVanilla: Bool { true }
    public var needsSplit: Bool { false }
    public func headInput(at position: Int, promptCount: Int) -> HeadInput { .trunk }
    public func cycleIndex(of position: Int, promptCount: Int) -> Int? { nil }

    /// Warns of a model whose head was trained on E + T and E only, never on T alone.
    public func warning(for configuration: ModelConfiguration) -> String? {
        guard !configuration.wasFedTrunkAlone else { return nil }
        let rule = configuration.rule
        let cause = rule.phase == .absolute ? "absolute phase" : "prompt input \(rule.promptInput.rawValue)"
        return
            "this model was trained with \(cause), so its head never saw what off feeds it: --mtd 1 is the nearest to "
            + "vanilla, and its base model (--baseline of compare, eval and tune) the honest comparison"
    }
}

extension DecodePlan where Self == VanillaPlan {
    /// Ordinary decoding: all layers for every token.
    public static var vanilla: VanillaPlan { VanillaPlan() }
}

extension PlanRequest {
    /// Ordinary decoding: all layers for every token.
    public static var vanilla: PlanRequest { PlanRequest(VanillaPlan().name) { _, _ in .vanilla } }
}

extension VanillaPlan {
    static let kind = PlanKind("off", help: "vanilla") { .vanilla }
    static let alias = PlanKind("vanilla", help: nil) { .vanilla }
}
