public import Models

/// Multi-token decoding that loses nothing: the head drafts the rest of a cycle, and the next pass of trunk and head over the cycle
/// verifies it. The text is vanilla's.
///
/// A cycle reads what an unverified one reads: the trunk once, the head and `lm_head` `factor` times. It emits one token, and one
/// more for each draft that vanilla would have chosen.
public struct VerifiedPlan: DecodePlan {
    /// The factors that the engine runs.
    public static let factors = 2...MultiTokenPlan.factors.upperBound

    /// Tokens that a cycle emits at most, τ.
    public let factor: Int

    /// - Throws: `PlanError.verifiedFactorOutOfRange` for a factor outside `factors`.
    public init(factor: Int) throws(PlanError) {
        guard Self.factors.contains(factor) else { throw .verifiedFactorOutOfRange(factor) }
        self.factor = factor
    }

    public var name: String { "verified:\(factor)" }
    public var drafting: Drafting? { Drafting(by: .head, count: factor - 1) }
    public var needsSplit: Bool { true }
    public func headInput(at position: Int, promptCount: Int) -> HeadInput { .trunk }
    public func cycleIndex(of position: Int, promptCount: Int) -> Int? { nil }
    public func warning(for configuration: ModelConfiguration) -> String? { VanillaPlan().warning(for: configuration) }
}

extension PlanRequest {
    /// Cycles of up to `factor` tokens, verified: the text is vanilla's.
    public static func verified(_ factor: Int) -> PlanRequest {
        PlanRequest("verified:\(factor)") { configuration, _ throws(PlanError) in
            guard configuration.trunkLayerCount > 0 else { throw .noTrunk(layerCount: configuration.layerCount) }
            return try VerifiedPlan(factor: factor)
        }
    }
}

extension VerifiedPlan {
    static let kind = PlanKind(
        "verified", "N", range: " with N from 2 to 16",
        help: "cycles of up to N tokens that lose nothing: the head drafts, trunk and head verify"
    ) { argument, text throws(PlanError) in
        guard let factor = Int(argument) else { throw .unreadableFactor(argument) }
        return .verified(try VerifiedPlan(factor: factor).factor)
    }
}
