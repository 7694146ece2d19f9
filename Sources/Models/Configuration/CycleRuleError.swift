public import Foundation

/// Two choices of a cycle rule that contradict each other.
public enum CycleRuleError: Error, Equatable, CustomStringConvertible {
    case promptInput(PromptInput, phase: CyclePhase)
    /// Refreshed head history needs prompt phase: in absolute phase the prompt too has positions without T.
    case refreshedPhase
    /// Refreshed head history feeds T to the head up to the running cycle, the prompt included.
    case refreshedPromptInput(PromptInput)
    /// Refreshed head history needs the trunk's outputs for every token, and shadow history never computes them.
    case refreshedShadow

    public var description: String { "\(problem); give \(remedy)" }

    /// The description without its remedy.
    var problem: String {
        switch self {
        case .promptInput(.masked, _): "prompt input masked belongs to absolute phase, but the phase is prompt"
        case .promptInput(let input, _):
            "prompt input \(input.rawValue) belongs to prompt phase, but the phase is absolute"
        case .refreshedPhase: "head history refreshed belongs to prompt phase, but the phase is absolute"
        case .refreshedPromptInput(let input):
            "head history refreshed feeds the prompt as trunk, but the prompt input is \(input.rawValue)"
        case .refreshedShadow: "head history refreshed reads every token's trunk output, which history shadow lacks"
        }
    }

    private var remedy: String {
        switch self {
        case .promptInput(.masked, _): "--phase absolute too, or --prompt-input trunk or sum"
        case .promptInput: "--phase prompt too, or leave --prompt-input out"
        case .refreshedPhase: "--phase prompt, or --head-history kept"
        case .refreshedPromptInput: "--prompt-input trunk, or --head-history kept"
        case .refreshedShadow: "--history real, or --head-history kept"
        }
    }
}

extension CycleRuleError: LocalizedError {
    /// The same sentence as `description`.
    public var errorDescription: String? { description }
}
