public import Models

/// Direct Multi-Token Decoding (arXiv 2510.11958): one trunk pass, then `factor` passes of the head alone.
public struct MultiTokenPlan: DecodePlan {
    /// The factors that the engine runs.
    public static let factors = 1...16

    /// Tokens a cycle emits, τ.
    public let factor: Int
    /// Which function of the family: where cycles are counted from, and what trunk and head are given.
    public let rule: CycleRule
    public let layers: LayerChoice

    /// - Parameter layers: which layers a token runs, in the refill as in the head's passes.
    /// - Throws: `PlanError.factorOutOfRange` for a factor outside `factors`.
    public init(factor: Int, rule: CycleRule = .prompt, layers: LayerChoice = .all) throws(PlanError) {
        guard Self.factors.contains(factor) else { throw .factorOutOfRange(factor) }
        self.factor = factor
        self.rule = rule
        self.layers = layers
    }

    public var name: String { "\(factor)" }
    public var isFactor: Bool { true }
    public var cycleLength: Int { factor }
    public var needsSplit: Bool { true }
    // The tokens of a refill read a layer together, and how often they do is not counted.
    public var byteCost: ByteCost { skipsLayers ? .unknown : .wholePasses }

    public func headInput(at position: Int, promptCount: Int) -> HeadInput {
        guard position >= promptCount || rule.promptInput == .masked else {
            return rule.promptInput == .sum ? .embeddingAndTrunk : .trunk
        }
        return beginsCycle(at: position, promptCount: promptCount) ? .embeddingAndTrunk : .embedding
    }

    public func trunkCount(before position: Int, promptCount: Int) -> Int {
        guard rule.history == .shadow, position > promptCount else { return position }
        /// Cycles that begin before a position, from the one that cycles are counted from on.
        func beginnings(before position: Int) -> Int { (position + factor - 1) / factor }
        return promptCount
            + (rule.phase == .prompt
                ? beginnings(before: position - promptCount)
                : beginnings(before: position) - beginnings(before: promptCount))
    }

    public func cycleIndex(of position: Int, promptCount: Int) -> Int? {
        position < promptCount ? nil : offset(of: position, promptCount: promptCount)
    }

    private func beginsCycle(at position: Int, promptCount: Int) -> Bool {
        offset(of: position, promptCount: promptCount) == 0
    }

    /// Positions since the cycle's beginning, by the rule's phase.
    ///
    /// - Precondition: in prompt phase, a generated position.
    private func offset(of position: Int, promptCount: Int) -> Int {
        (rule.phase == .prompt ? position - promptCount : position) % factor
    }
}

extension DecodePlan where Self == MultiTokenPlan {
    /// `factor` tokens a trunk pass by the paper's rule: cycles counted from the prompt's end, T at the prompt's positions.
    ///
    /// - Throws: `PlanError.factorOutOfRange`.
    public static func multiToken(_ factor: Int) throws(PlanError) -> MultiTokenPlan {
        try MultiTokenPlan(factor: factor)
    }
}

extension MultiTokenPlan {
    public func warning(for configuration: ModelConfiguration) -> String? {
        guard let trained = configuration.trainedFactor else {
            return "this model was not trained for multi-token decoding: expect factor \(factor) to be fast, not good"
        }
        if rule != configuration.rule {
            return
                "this model was trained with \(configuration.rule.differences(from: rule)): expect poor text"
        }
        if rule.phase == .absolute, factor != trained {
            return "this model was trained for factor \(trained): expect poorer text at factor \(factor)"
        }
        if factor > trained {
            return "this model was trained up to factor \(trained): expect poorer text at factor \(factor)"
        }
        return nil
    }
}

extension PlanRequest {
    /// This many tokens a trunk pass, 1 to 16, with cycles counted as the checkpoint says.
    public static func multiToken(_ factor: Int) -> PlanRequest {
        PlanRequest("mtd:\(factor)") { configuration, rule throws(PlanError) in
            try MultiTokenPlan(factor: factor, rule: rule, for: configuration)
        }
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
}

extension MultiTokenPlan {
    static let kind = PlanKind("mtd", "N", range: " with N from 1 to 16", help: "the same as --mtd N") {
        argument, _ throws(PlanError) in
        try PlanRequest(factor: argument)
    }

    /// The plan of a factor for a model: one with routers skips layers, too.
    ///
    /// - Throws: `PlanError.noTrunk`, `PlanError.factorOutOfRange`.
    init(factor: Int, rule: CycleRule, for model: ModelConfiguration) throws(PlanError) {
        guard model.trunkLayerCount > 0 else { throw .noTrunk(layerCount: model.layerCount) }
        try self.init(factor: factor, rule: rule, layers: model.routing == nil ? .all : .routed)
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
