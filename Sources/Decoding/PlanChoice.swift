import Models

/// A decode plan as it is asked for, before the model is known.
public enum PlanRequest: Sendable {
    /// The checkpoint's trained factor, vanilla where it has none.
    case automatic
    /// All layers for every token.
    case vanilla
    /// This many tokens a trunk pass, 1 to 16, with cycles counted as the checkpoint says.
    case multiToken(Int)
    /// A plan of the program's own.
    case custom(any DecodePlan)

    package var isVanilla: Bool {
        if case .vanilla = self { true } else { false }
    }

    /// Reads `off` or a factor, as `--mtd` takes it.
    package init(factor text: String) throws(PlanError) {
        if text == "off" {
            self = .vanilla
        } else if let factor = Int(text) {
            _ = try MultiTokenPlan(factor: factor)
            self = .multiToken(factor)
        } else {
            throw .unreadableFactor(text)
        }
    }

    /// Reads `NAME[:ARGUMENT]`, as `--plan` takes it.
    package init(plan text: String) throws(PlanError) {
        if text == "off" || text == "vanilla" {
            self = .vanilla
        } else if text.hasPrefix("mtd:") {
            try self.init(factor: String(text.dropFirst(4)))
        } else {
            throw .unknownPlan(text)
        }
    }
}

extension ModelConfiguration {
    /// The plan that `request` means for this model.
    ///
    /// - Parameter phase: overrides the checkpoint's own phase.
    /// - Throws: `PlanError.noTrunk` where a plan with cycles meets a model without a trunk, `PlanError.factorOutOfRange`.
    public func plan(
        for request: PlanRequest, phase: CyclePhase? = nil
    ) throws(PlanError) -> any DecodePlan {
        let factor: Int
        switch request {
        case .vanilla: return .vanilla
        case .automatic:
            guard let trained = trainedFactor, MultiTokenPlan.factors.contains(trained), trunkLayerCount > 0 else {
                return .vanilla
            }
            factor = trained
        case .multiToken(let asked): factor = asked
        case .custom(let plan):
            guard trunkLayerCount > 0 || !plan.needsSplit else { throw .noTrunk(layerCount: layerCount) }
            return plan
        }
        guard trunkLayerCount > 0 else { throw .noTrunk(layerCount: layerCount) }
        return try MultiTokenPlan(factor: factor, phase: phase ?? self.phase)
    }

    /// One sentence where `plan` is not what the model was trained for, else nil.
    public func warning(for plan: any DecodePlan) -> String? {
        guard let plan = plan as? MultiTokenPlan else { return nil }
        guard let trainedFactor else {
            return
                "this model was not trained for multi-token decoding: expect factor \(plan.factor) to be fast, not good"
        }
        if plan.phase != phase {
            return
                "this model was trained with cycles in \(phase.rawValue) phase, not \(plan.phase.rawValue): expect poor text"
        }
        if plan.phase == .absolute, plan.factor != trainedFactor {
            return "this model was trained for factor \(trainedFactor): expect poorer text at factor \(plan.factor)"
        }
        if plan.factor > trainedFactor {
            return "this model was trained up to factor \(trainedFactor): expect poorer text at factor \(plan.factor)"
        }
        return nil
    }
}
