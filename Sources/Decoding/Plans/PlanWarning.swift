public import Models

extension ModelConfiguration {
    /// One sentence where `plan` is not what the model was trained for, else nil.
    public func warning(for plan: any DecodePlan) -> String? {
        if plan is VanillaPlan { return wasFedTrunkAlone ? nil : vanillaWarning }
        guard let plan = plan as? MultiTokenPlan else { return nil }
        guard let trainedFactor else {
            return
                "this model was not trained for multi-token decoding: expect factor \(plan.factor) to be fast, not good"
        }
        if plan.rule != rule {
            return "this model was trained with \(rule.differences(from: plan.rule)): expect poor text"
        }
        if plan.rule.phase == .absolute, plan.factor != trainedFactor {
            return "this model was trained for factor \(trainedFactor): expect poorer text at factor \(plan.factor)"
        }
        if plan.factor > trainedFactor {
            return "this model was trained up to factor \(trainedFactor): expect poorer text at factor \(plan.factor)"
        }
        return nil
    }

    /// A model that was only ever fed E + T or E has no vanilla of its own: T alone is new to it.
    private var vanillaWarning: String {
        let cause = rule.phase == .absolute ? "absolute phase" : "prompt input \(rule.promptInput.rawValue)"
        return
            "this model was trained with \(cause), so its head never saw what off feeds it: --mtd 1 is the nearest to "
            + "vanilla, and its base model (--baseline of compare, eval and tune) the honest comparison"
    }
}

extension CycleRule {
    /// Its choices that `other` makes otherwise, and those of `other`.
    fileprivate func differences(from other: CycleRule) -> String {
        var parts: [String] = []
        if phase != other.phase {
            parts.append("cycles in \(phase.rawValue) phase, not \(other.phase.rawValue)")
        } else if promptInput != other.promptInput {
            parts.append("prompt input \(promptInput.rawValue), not \(other.promptInput.rawValue)")
        }
        if history != other.history { parts.append("\(history.rawValue) history, not \(other.history.rawValue)") }
        return parts.joined(separator: ", and with ")
    }
}
