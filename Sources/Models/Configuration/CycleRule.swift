/// A variant of Direct Multi-Token Decoding (arXiv 2510.11958). A checkpoint is trained for one of them.
public struct CycleRule: Sendable, Equatable {
    public let phase: CyclePhase
    /// `masked` in absolute phase, `trunk` or `sum` in prompt phase.
    public let promptInput: PromptInput
    public let history: TrunkHistory
    /// `refreshed` only with prompt input `trunk` and `real` history.
    public let headHistory: HeadHistory

    /// The paper's rule: cycles from the prompt's end, T at the prompt's positions, refills.
    public static let prompt = CycleRule(checked: .prompt, .trunk, .real, .kept)
    /// The rule of the authors' first training code: cycles from position 0.
    public static let absolute = CycleRule(checked: .absolute, .masked, .real, .kept)

    /// The paper's rule with refreshed head history.
    public static let refreshed = CycleRule(checked: .prompt, .trunk, .real, .refreshed)

    /// - Parameter promptInput: nil for the phase's default: `trunk` in prompt phase, `masked` in absolute phase.
    /// - Throws: `CycleRuleError` if two choices contradict each other.
    public init(
        phase: CyclePhase = .prompt, promptInput: PromptInput? = nil, history: TrunkHistory = .real,
        headHistory: HeadHistory = .kept
    ) throws(CycleRuleError) {
        let input = promptInput ?? (phase == .absolute ? .masked : .trunk)
        guard (input == .masked) == (phase == .absolute) else {
            throw .promptInput(input, phase: phase)
        }
        if headHistory == .refreshed {
            guard phase == .prompt else { throw .refreshedPhase }
            guard input == .trunk else { throw .refreshedPromptInput(input) }
            guard history == .real else { throw .refreshedShadow }
        }
        self.init(checked: phase, input, history, headHistory)
    }

    private init(
        checked phase: CyclePhase, _ promptInput: PromptInput, _ history: TrunkHistory, _ headHistory: HeadHistory
    ) {
        (self.phase, self.promptInput, self.history, self.headHistory) = (phase, promptInput, history, headHistory)
    }

    /// Choices that replace a checkpoint's own; nil keeps the checkpoint's.
    public struct Overrides: Sendable, Equatable {
        public var phase: CyclePhase?
        public var promptInput: PromptInput?
        public var history: TrunkHistory?
        public var headHistory: HeadHistory?

        public init(
            phase: CyclePhase? = nil, promptInput: PromptInput? = nil, history: TrunkHistory? = nil,
            headHistory: HeadHistory? = nil
        ) {
            (self.phase, self.promptInput, self.history, self.headHistory) = (phase, promptInput, history, headHistory)
        }
    }
}

extension CycleRule: CaseIterable {
    /// Every valid combination.
    public static var allCases: [CycleRule] {
        TrunkHistory.allCases.flatMap { history in
            [
                CycleRule(checked: .prompt, .trunk, history, .kept), CycleRule(checked: .prompt, .sum, history, .kept),
                CycleRule(checked: .absolute, .masked, history, .kept),
            ]
        } + [.refreshed]
    }
}
