public import Models

/// Lossless decoding at the speed that this machine and this text allow: before each cycle the generator chooses, by the speeds
/// measured so far in the session, among plain decoding, verified cycles, and drafts of the text and of a smaller model. All of them
/// give vanilla's text.
public struct AutoPlan: DecodePlan {
    public init() {}

    public var name: String { "auto" }
    public var needsSplit: Bool { false }
    public var byteCost: ByteCost { .unknown }
    public func headInput(at position: Int, promptCount: Int) -> HeadInput { .trunk }
    public func cycleIndex(of position: Int, promptCount: Int) -> Int? { nil }
    public func warning(for configuration: ModelConfiguration) -> String? { VanillaPlan().warning(for: configuration) }

    public func alternatives(for model: Model) -> [any DecodePlan] {
        var plans: [any DecodePlan] = [.vanilla]
        plans += [try? DraftedPlan(.text)].compactMap(\.self)
        if model.draft != nil { plans += [try? DraftedPlan(.model)].compactMap(\.self) }
        if model.configuration.canRunCycles { plans += [2, 4, 6].compactMap { try? VerifiedPlan(factor: $0) } }
        return plans
    }
}

extension PlanRequest {
    /// Lossless decoding by what is fastest, chosen before each cycle.
    public static var fastestLossless: PlanRequest { PlanRequest(AutoPlan().name) { _, _ in AutoPlan() } }
}

extension AutoPlan {
    static let kind = PlanKind(
        "auto", help: "vanilla's text at the speed that verified cycles and drafts allow, chosen before each cycle"
    ) { .fastestLossless }
}
