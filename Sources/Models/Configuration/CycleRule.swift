/// A variant of Direct Multi-Token Decoding (arXiv 2510.11958). A checkpoint is trained for one of them.
public struct CycleRule: Sendable, Equatable {
    public let phase: CyclePhase
    /// `masked` in absolute phase, `trunk` or `sum` in prompt phase.
    public let promptInput: PromptInput
    public let history: TrunkHistory

    /// The paper's rule: cycles from the prompt's end, T at the prompt's positions, refills.
    public static let prompt = CycleRule(checked: .prompt, .trunk, .real)
    /// The rule of the authors' first training code: cycles from position 0.
    public static let absolute = CycleRule(checked: .absolute, .masked, .real)

    /// - Parameter promptInput: nil for the phase's default: `trunk` in prompt phase, `masked` in absolute phase.
    /// - Throws: `CycleRuleError` if phase and prompt input contradict each other.
    public init(
        phase: CyclePhase = .prompt, promptInput: PromptInput? = nil, history: TrunkHistory = .real
    ) throws(CycleRuleError) {
        let input = promptInput ?? (phase == .absolute ? .masked : .trunk)
        guard (input == .masked) == (phase == .absolute) else {
            throw CycleRuleError(phase: phase, promptInput: input)
        }
        self.init(checked: phase, input, history)
    }

    private init(checked phase: CyclePhase, _ promptInput: PromptInput, _ history: TrunkHistory) {
        (self.phase, self.promptInput, self.history) = (phase, promptInput, history)
    }

    /// Choices that replace a checkpoint's own; nil keeps the checkpoint's.
    public struct Overrides: Sendable, Equatable {
        public var phase: CyclePhase?
        public var promptInput: PromptInput?
        public var history: TrunkHistory?

        public init(phase: CyclePhase? = nil, promptInput: PromptInput? = nil, history: TrunkHistory? = nil) {
            (self.phase, self.promptInput, self.history) = (phase, promptInput, history)
        }
    }
}

extension CycleRule: CaseIterable {
    /// Every valid combination.
    public static var allCases: [CycleRule] {
        TrunkHistory.allCases.flatMap { history in
            [
                CycleRule(checked: .prompt, .trunk, history), CycleRule(checked: .prompt, .sum, history),
                CycleRule(checked: .absolute, .masked, history),
            ]
        }
    }
}
