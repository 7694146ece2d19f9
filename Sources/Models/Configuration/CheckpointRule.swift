import JSON
import Weights

/// The cycle rule of a checkpoint, and where each of its choices comes from.
public struct CheckpointRule: Sendable, Equatable {
    public let rule: CycleRule
    public let phaseOrigin: Origin
    public let promptInputOrigin: Origin
    public let historyOrigin: Origin
    public let headHistoryOrigin: Origin
    private let fields: RuleFields

    /// The source of a choice.
    public enum Origin: Sendable, Equatable, CustomStringConvertible {
        /// An option of the command line, or the library's override.
        case option(String)
        /// A field of the configuration.
        case field(String)
        /// The configuration's `model_type`.
        case modelType(String)
        /// The phase, which allows no other choice.
        case phase
        /// The head history, which allows no other choice.
        case headHistory
        /// The default: neither an option nor the configuration names a choice.
        case standard

        public var description: String {
            switch self {
            case .option(let name), .field(let name): name
            case .modelType(let name): "model_type \(name)"
            case .phase: "its phase"
            case .headHistory: "its head history"
            case .standard: "default"
            }
        }
    }

    /// The rule of a model with a head of its own for cycles: prompt phase and refreshed head history.
    static let ofCycleHead = CheckpointRule(refreshedBy: .option("--head"))

    private init(refreshedBy origin: Origin) {
        fields = RuleFields(headHistory: Sourced(.refreshed, origin))
        rule = .refreshed
        (phaseOrigin, promptInputOrigin, historyOrigin, headHistoryOrigin) = (origin, origin, origin, origin)
    }

    /// The rule with some choices replaced. A replaced phase or head history also drops the checkpoint's own prompt input.
    ///
    /// - Throws: `CycleRuleError` if the overrides contradict each other or the checkpoint's phase.
    public func replacing(_ overrides: CycleRule.Overrides) throws(CycleRuleError) -> CheckpointRule {
        try CheckpointRule(fields, overrides)
    }

    /// - Throws: `ConfigurationError` for an invalid value, or for two values that contradict each other.
    init(_ reader: ConfigurationReader, modelType: String) throws(ConfigurationError) {
        let fields = try RuleFields(reader, modelType: modelType)
        do throws(CycleRuleError) {
            try self.init(fields, CycleRule.Overrides())
        } catch {
            throw .inconsistent(problem: error.problem)
        }
    }

    private init(_ fields: RuleFields, _ overrides: CycleRule.Overrides) throws(CycleRuleError) {
        self.fields = fields
        let phase = overrides.phase.map { Sourced($0, .option("--phase")) } ?? fields.phase
        let history = overrides.history.map { Sourced($0, .option("--history")) } ?? fields.history
        let headHistory = overrides.headHistory.map { Sourced($0, .option("--head-history")) } ?? fields.headHistory
        let keepsPromptInput = phase.value == fields.phase.value && headHistory.value == fields.headHistory.value
        let promptInput: Sourced<PromptInput?>
        if let asked = overrides.promptInput {
            promptInput = Sourced(asked, .option("--prompt-input"))
        } else if let named = fields.promptInput, keepsPromptInput {
            promptInput = Sourced(named, .field("dmtd_prompt_input"))
        } else if phase.value == .absolute {
            promptInput = Sourced(nil, .phase)
        } else if headHistory.value == .refreshed {
            promptInput = Sourced(nil, .headHistory)
        } else if let name = fields.releasedName {
            promptInput = Sourced(.sum, .field(name))
        } else {
            promptInput = Sourced(nil, .standard)
        }
        rule = try CycleRule(
            phase: phase.value, promptInput: promptInput.value, history: history.value, headHistory: headHistory.value)
        (phaseOrigin, promptInputOrigin) = (phase.origin, promptInput.origin)
        (historyOrigin, headHistoryOrigin) = (history.origin, headHistory.origin)
    }
}

/// A choice and its source.
private struct Sourced<Choice: Equatable & Sendable>: Equatable, Sendable {
    let value: Choice
    let origin: CheckpointRule.Origin

    init(_ value: Choice, _ origin: CheckpointRule.Origin) { (self.value, self.origin) = (value, origin) }
}

/// The fields of a configuration that define its rule.
private struct RuleFields: Equatable, Sendable {
    let phase: Sourced<CyclePhase>
    let promptInput: PromptInput?
    let history: Sourced<TrunkHistory>
    let headHistory: Sourced<HeadHistory>
    /// The first field that the authors' released checkpoint has for its split; nil if the configuration has none. The code
    /// released with it feeds E + T at the prompt's positions (vllm-pDMTD, branch dmtd-ori, commit a3894dd).
    let releasedName: String?

    init(headHistory: Sourced<HeadHistory>) {
        (phase, promptInput, history) = (Sourced(.prompt, headHistory.origin), nil, Sourced(.real, headHistory.origin))
        (self.headHistory, releasedName) = (headHistory, nil)
    }

    init(_ reader: ConfigurationReader, modelType: String) throws(ConfigurationError) {
        releasedName = ["num_thinking_layers", "num_decoding_layers"].first { reader.value($0) != nil }
        if let named: CyclePhase = try reader.choice("dmtd_phase") {
            phase = Sourced(named, .field("dmtd_phase"))
        } else if modelType == "mtpqwen3" {
            // The authors' first training code, modeling_mtpqwen3.py.
            phase = Sourced(.absolute, .modelType(modelType))
        } else {
            phase = Sourced(.prompt, releasedName.map { .field($0) } ?? .standard)
        }
        promptInput = try reader.choice("dmtd_prompt_input")
        let named: TrunkHistory? = try reader.choice("dmtd_history_mode")
        history = named.map { Sourced($0, .field("dmtd_history_mode")) } ?? Sourced(.real, .standard)
        let headNamed: HeadHistory? = try reader.choice("dmtd_head_history")
        headHistory = headNamed.map { Sourced($0, .field("dmtd_head_history")) } ?? Sourced(.kept, .standard)
    }
}

extension ConfigurationReader {
    /// Reads a field whose value must be the name of one of the cases.
    fileprivate func choice<Choice: RawRepresentable & CaseIterable>(
        _ field: String
    ) throws(ConfigurationError) -> Choice? where Choice.RawValue == String {
        guard let name = try text(field) else { return nil }
        guard let choice = Choice(rawValue: name) else {
            let names = Choice.allCases.map(\.rawValue)
            throw invalid(
                field, .string(name), "\(names.dropLast().joined(separator: ", ")) or \(names[names.count - 1])")
        }
        return choice
    }
}
