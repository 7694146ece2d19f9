public import Models

/// Direct Multi-Token Decoding (arXiv 2510.11958): one trunk pass per cycle, then `factor` head passes.
public struct MultiTokenPlan: DecodePlan {
    /// The factors that the engine supports.
    public static let factors = 1...16

    /// The number of tokens per cycle, τ.
    public let factor: Int
    /// Where cycles begin, and what trunk and head are fed.
    public let rule: CycleRule
    public let layers: LayerChoice

    /// - Parameter layers: the layers that a token runs, in refills and head passes.
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
    public var refreshesHead: Bool { rule.headHistory == .refreshed }
    // The tokens of a refill share the reading of a layer; how many do is not counted.
    public var byteCost: ByteCost { skipsLayers ? .unknown : .wholePasses }

    public func headInput(at position: Int, promptCount: Int) -> HeadInput {
        if position < promptCount, let input = rule.inputOfPrompt { return input }
        return offset(of: position, promptCount: promptCount) == 0 ? rule.firstInput : .embedding
    }

    /// With refreshed head history, T up to the beginning of the last cycle.
    public func headInput(at position: Int, in text: TextLayout) -> HeadInput {
        let (last, promptCount) = (text.tokenCount - 1, text.promptCount)
        guard refreshesHead else { return headInput(at: position, promptCount: promptCount) }
        guard last >= promptCount else { return .trunk }
        return position <= last - offset(of: last, promptCount: promptCount) ? .trunk : .embedding
    }

    public func trunkCount(before position: Int, promptCount: Int) -> Int {
        guard rule.history == .shadow, position > promptCount else { return position }
        /// The number of cycles that begin before `position`, if the first begins at 0.
        func cycleCount(before position: Int) -> Int { (position + factor - 1) / factor }
        return promptCount
            + (rule.phase == .prompt
                ? cycleCount(before: position - promptCount)
                : cycleCount(before: position) - cycleCount(before: promptCount))
    }

    public func cycleIndex(of position: Int, promptCount: Int) -> Int? {
        position < promptCount ? nil : offset(of: position, promptCount: promptCount)
    }

    /// The number of positions since the beginning of the cycle, by the rule's phase.
    ///
    /// - Precondition: in prompt phase, a generated position.
    private func offset(of position: Int, promptCount: Int) -> Int {
        (rule.phase == .prompt ? position - promptCount : position) % factor
    }
}

extension DecodePlan where Self == MultiTokenPlan {
    /// `factor` tokens per trunk pass by the paper's rule: cycles from the prompt's end, T at the prompt's positions.
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
    /// `factor` tokens per trunk pass, 1 to 16, by the checkpoint's cycle rule.
    public static func multiToken(_ factor: Int) -> PlanRequest {
        PlanRequest("mtd:\(factor)") { configuration, rule throws(PlanError) in
            try MultiTokenPlan(factor: factor, rule: rule, for: configuration)
        }
    }

    /// Parses the argument of `--mtd`: `off` or a factor.
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

    /// The plan of a factor for a model. With a routed model it also skips layers.
    ///
    /// - Throws: `PlanError.noTrunk`, `PlanError.factorOutOfRange`.
    init(factor: Int, rule: CycleRule, for model: ModelConfiguration) throws(PlanError) {
        guard model.trunkLayerCount > 0 else { throw .noTrunk(layerCount: model.layerCount) }
        try self.init(factor: factor, rule: rule, layers: model.routing == nil ? .all : .routed)
    }
}

extension CycleRule {
    /// The head's input at a cycle's first position.
    var firstInput: HeadInput { headHistory == .refreshed ? .trunk : .embeddingAndTrunk }

    /// The head's input at the positions of a prompt; nil for `masked`, which depends on the position.
    var inputOfPrompt: HeadInput? {
        switch promptInput {
        case .trunk: .trunk
        case .sum: .embeddingAndTrunk
        case .masked: nil
        }
    }

    /// The choices that differ from those of `other`, and the latter.
    fileprivate func differences(from other: CycleRule) -> String {
        var parts: [String] = []
        if phase != other.phase {
            parts.append("cycles in \(phase.rawValue) phase, not \(other.phase.rawValue)")
        } else if promptInput != other.promptInput {
            parts.append("prompt input \(promptInput.rawValue), not \(other.promptInput.rawValue)")
        }
        if headHistory != other.headHistory {
            parts.append("\(headHistory.rawValue) head history, not \(other.headHistory.rawValue)")
        }
        if history != other.history { parts.append("\(history.rawValue) history, not \(other.history.rawValue)") }
        return parts.joined(separator: ", and with ")
    }
}
