import Models

/// Direct Multi-Token Decoding (arXiv 2510.11958): one trunk pass, then `factor` passes of the head alone.
public struct MultiTokenPlan: DecodePlan {
    /// The factors that the engine runs.
    public static let factors = 1...16

    /// Tokens a cycle emits, τ.
    public let factor: Int
    /// Where cycles are counted from.
    public let phase: CyclePhase

    /// - Throws: `PlanError.factorOutOfRange` for a factor outside `factors`.
    public init(factor: Int, phase: CyclePhase = .prompt) throws(PlanError) {
        guard Self.factors.contains(factor) else { throw .factorOutOfRange(factor) }
        self.factor = factor
        self.phase = phase
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

/// A plan that cannot be made, in one sentence.
public enum PlanError: Error, Equatable, CustomStringConvertible {
    /// The factor is not from 1 to 16.
    case factorOutOfRange(Int)
    /// The command line gives neither `off` nor a number.
    case unreadableFactor(String)
    /// The command line names no plan.
    case unknownPlan(String)
    /// The model is too shallow to have a trunk.
    case noTrunk(layerCount: Int)

    public var description: String {
        switch self {
        case .factorOutOfRange(let factor):
            "the multi-token factor is \(factor); give off or a number from 1 to 16"
        case .unreadableFactor(let text):
            "the multi-token factor is '\(text)'; give off or a number from 1 to 16"
        case .unknownPlan(let name):
            "there is no decode plan named '\(name)'; give off, or mtd:N with N from 1 to 16"
        case .noTrunk(let layerCount):
            "the model's \(layerCount) layers are all head, so there is no trunk to skip; decode with --mtd off, or give "
                + "--head-layers a number below \(layerCount)"
        }
    }
}
