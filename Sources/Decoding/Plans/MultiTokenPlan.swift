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
    public var needsSplit: Bool { true }

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

    public func cyclePlace(of position: Int, promptCount: Int) -> Int? {
        position < promptCount ? nil : cycleIndex(of: position, promptCount: promptCount)
    }

    private func beginsCycle(at position: Int, promptCount: Int) -> Bool {
        cycleIndex(of: position, promptCount: promptCount) == 0
    }

    /// - Precondition: in prompt phase, a generated position.
    private func cycleIndex(of position: Int, promptCount: Int) -> Int {
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
