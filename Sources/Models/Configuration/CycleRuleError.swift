public import Foundation

/// A phase and a prompt input that contradict each other.
public struct CycleRuleError: Error, Equatable, CustomStringConvertible {
    public let phase: CyclePhase
    public let promptInput: PromptInput

    package init(phase: CyclePhase, promptInput: PromptInput) {
        (self.phase, self.promptInput) = (phase, promptInput)
    }

    public var description: String {
        "\(problem); give \(promptInput == .masked ? "--phase absolute too, or --prompt-input trunk or sum" : "--phase prompt too, or leave --prompt-input out")"
    }

    /// The description without its remedy.
    var problem: String {
        promptInput == .masked
            ? "prompt input masked belongs to absolute phase, but the phase is prompt"
            : "prompt input \(promptInput.rawValue) belongs to prompt phase, but the phase is absolute"
    }
}

extension CycleRuleError: LocalizedError {
    /// The same sentence as `description`.
    public var errorDescription: String? { description }
}
