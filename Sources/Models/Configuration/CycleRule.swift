/// From where the cycles of multi-token decoding are counted.
public enum CyclePhase: String, Sendable, Equatable, CaseIterable, Codable {
    /// From the prompt's end: the first generated token begins a cycle.
    case prompt
    /// From position 0: a token begins a cycle where the factor divides its position, in the prompt too.
    case absolute
}

/// What the head is fed at the prompt's positions (E: the token's embedding, T: the trunk's output for it).
public enum PromptInput: String, Sendable, Equatable, CaseIterable, Codable {
    /// T, as in vanilla decoding.
    case trunk
    /// E + T.
    case sum
    /// E + T where the factor divides the position, E elsewhere: what absolute phase means.
    case masked
}

/// Whether the trunk ever sees the tokens that cycles skipped.
public enum TrunkHistory: String, Sendable, Equatable, CaseIterable, Codable {
    /// It does: the next cycle's trunk pass begins with them.
    case real
    /// It never does: it runs over the prompt and each cycle's first token, at their own positions, and sees no other.
    case shadow
}

/// What tells one function of the family of Direct Multi-Token Decoding (arXiv 2510.11958) from another: a checkpoint is
/// trained for one of them.
public struct CycleRule: Sendable, Equatable {
    public let phase: CyclePhase
    /// `masked` in absolute phase, `trunk` or `sum` in prompt phase.
    public let promptInput: PromptInput
    public let history: TrunkHistory

    /// The paper's rule: cycles from the prompt's end, T at the prompt's positions, refills.
    public static let prompt = CycleRule(checked: .prompt, .trunk, .real)
    /// That of the authors' first training code: cycles from position 0.
    public static let absolute = CycleRule(checked: .absolute, .masked, .real)

    /// - Parameter promptInput: nil for what the phase implies: `trunk` in prompt phase, `masked` in absolute.
    /// - Throws: `CycleRuleError` where phase and prompt input contradict each other.
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

    /// Choices that replace a checkpoint's own; nil leaves one as it is.
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
    /// Every rule that there is.
    public static var allCases: [CycleRule] {
        TrunkHistory.allCases.flatMap { history in
            [
                CycleRule(checked: .prompt, .trunk, history), CycleRule(checked: .prompt, .sum, history),
                CycleRule(checked: .absolute, .masked, history),
            ]
        }
    }
}

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

    /// Without a remedy.
    var problem: String {
        promptInput == .masked
            ? "prompt input masked belongs to absolute phase, but the phase is prompt"
            : "prompt input \(promptInput.rawValue) belongs to prompt phase, but the phase is absolute"
    }
}
