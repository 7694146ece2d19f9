public import Models

/// Direct Multi-Token Decoding (arXiv 2510.11958): one trunk pass, then `factor` passes of the head alone.
public struct MultiTokenPlan: DecodePlan {
    /// The factors that the engine runs.
    public static let factors = 1...16

    /// Tokens a cycle emits, τ.
    public let factor: Int
    /// Where cycles are counted from.
    public let phase: CyclePhase
    public let layers: LayerChoice

    /// - Parameter layers: which layers a token runs, in the refill as in the head's passes.
    /// - Throws: `PlanError.factorOutOfRange` for a factor outside `factors`.
    public init(
        factor: Int, phase: CyclePhase = .prompt, layers: LayerChoice = .all
    ) throws(PlanError) {
        guard Self.factors.contains(factor) else { throw .factorOutOfRange(factor) }
        self.factor = factor
        self.phase = phase
        self.layers = layers
    }

    public var name: String { "\(factor)" }
    public var needsSplit: Bool { true }

    public func headInput(at position: Int, promptCount: Int) -> HeadInput {
        switch phase {
        case .prompt where position < promptCount: .trunk
        case .prompt: (position - promptCount).isMultiple(of: factor) ? .embeddingAndTrunk : .embedding
        case .absolute: position.isMultiple(of: factor) ? .embeddingAndTrunk : .embedding
        }
    }

    public func cyclePlace(of position: Int, promptCount: Int) -> Int? {
        guard position >= promptCount else { return nil }
        return phase == .prompt ? (position - promptCount) % factor : position % factor
    }
}

extension DecodePlan where Self == MultiTokenPlan {
    /// `factor` tokens a trunk pass, cycles counted from the prompt's end.
    ///
    /// - Throws: `PlanError.factorOutOfRange`.
    public static func multiToken(_ factor: Int) throws(PlanError) -> MultiTokenPlan {
        try MultiTokenPlan(factor: factor)
    }
}
