public import Models

/// Early exit by hidden-state saturation (CALM, arXiv 2207.07061): a token exits after the first layer that hardly changes its
/// residual.
public struct SaturationPlan: DecodePlan {
    /// A token exits after a layer whose input and output have a cosine above this.
    public let cosine: Float

    /// - Throws: `PlanError.cosine` for a cosine outside 0 to 1.
    public init(cosine: Float) throws(PlanError) {
        guard (0...1).contains(cosine) else { throw .cosine(cosine) }
        self.cosine = cosine
    }

    public var name: String { "confidence:\(cosine)" }
    public var layers: LayerChoice { .untilSaturated(cosine: cosine) }
    public var needsSplit: Bool { false }
    public func headInput(at position: Int, promptCount: Int) -> HeadInput { .trunk }
    public func cycleIndex(of position: Int, promptCount: Int) -> Int? { nil }
}

extension PlanRequest {
    /// Early exit after the first layer whose input and output have a cosine above `cosine`.
    public static func confidence(_ cosine: Float) -> PlanRequest {
        PlanRequest("confidence:\(cosine)") { _, _ throws(PlanError) in try SaturationPlan(cosine: cosine) }
    }
}

extension SaturationPlan {
    static let kind = PlanKind("confidence", "T", help: "until a layer turns a token less than the cosine T says") {
        argument, text throws(PlanError) in
        guard let cosine = Float(argument) else { throw .unreadableCosine(text) }
        return .confidence(try SaturationPlan(cosine: cosine).cosine)
    }
}
