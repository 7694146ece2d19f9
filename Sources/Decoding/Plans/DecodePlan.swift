public import Models

/// A decode plan: the head's input at each position, and the layers that a token runs. The trunk runs exactly when a position
/// needs it, over every token that it has not seen.
///
/// A plan is a pure function of positions and the text's layout, so that recomputing a sequence in one pass gives the same result
/// as decoding it. Its members tell commands, measurements and the server all they need; no code tests a plan's type.
public protocol DecodePlan: Sendable {
    /// The plan as the command line spells it: `off`, `4`, `exit:20`.
    var name: String { get }
    /// Whether the plan is selected by `--mtd`, with its name; otherwise by `--plan`.
    var isFactor: Bool { get }
    /// Whether the plan is vanilla decoding, the baseline of comparisons.
    var isVanilla: Bool { get }
    /// The number of tokens per trunk pass, if it is fixed; else 1.
    var cycleLength: Int { get }
    /// The layers that a token runs, in trunk and head.
    var layers: LayerChoice { get }
    /// The number of trunk layers that the plan needs; nil for the model's own.
    var trunkLayerCount: Int? { get }
    /// The rule by which cycles of varying length end; nil for cycles of fixed length. The engine records where cycles
    /// begin (`TextLayout.cycleStarts`).
    var cycleEnd: CycleEnd? { get }
    /// Whether a position that needs the trunk lets the head read again, fed T, what it has read without.
    var refreshesHead: Bool { get }
    /// How tokens are drafted for the head to verify in one pass; nil without drafts.
    var drafting: Drafting? { get }
    /// Whether the plan needs a model with both a trunk and a head.
    var needsSplit: Bool { get }
    /// How the bytes that a token reads are determined.
    var byteCost: ByteCost { get }

    /// The head's input at `position`, if the first `promptCount` positions are the prompt.
    func headInput(at position: Int, promptCount: Int) -> HeadInput
    /// The head's input at `position` once the text has come as far as `text`. By default that of `headInput(at:promptCount:)`.
    func headInput(at position: Int, in text: TextLayout) -> HeadInput
    /// The number of positions before `position` that the trunk ever sees. It must see each position whose head input needs it.
    /// It never sees the positions that it leaves out.
    func trunkCount(before position: Int, promptCount: Int) -> Int
    /// The cycle index of the pass over `position`; nil for the prompt and for plans without cycles.
    func cycleIndex(of position: Int, promptCount: Int) -> Int?
    /// The cycle index of the pass over `position` in `text`. By default that of `cycleIndex(of:promptCount:)`.
    func cycleIndex(of position: Int, in text: TextLayout) -> Int?

    /// The model as the plan runs it: with the plan's trunk/head split and its replaced weights, if it has any.
    func model(from model: Model) -> Model
    /// Plans that give the same text, among which a generator chooses before each cycle by their speed; empty for a plan of its own.
    func alternatives(for model: Model) -> [any DecodePlan]
    /// A one-sentence warning if the model was not trained for the plan, else nil.
    func warning(for configuration: ModelConfiguration) -> String?
}

extension DecodePlan {
    public var isFactor: Bool { false }
    public var isVanilla: Bool { false }
    public var cycleLength: Int { 1 }
    public var layers: LayerChoice { .all }
    public var trunkLayerCount: Int? { nil }
    public var cycleEnd: CycleEnd? { nil }
    public var refreshesHead: Bool { false }
    public var drafting: Drafting? { nil }
    public func trunkCount(before position: Int, promptCount: Int) -> Int { position }

    public func headInput(at position: Int, in text: TextLayout) -> HeadInput {
        headInput(at: position, promptCount: text.promptCount)
    }

    public func cycleIndex(of position: Int, in text: TextLayout) -> Int? {
        cycleIndex(of: position, promptCount: text.promptCount)
    }

    public func warning(for configuration: ModelConfiguration) -> String? { nil }
    public func alternatives(for model: Model) -> [any DecodePlan] { [] }
    public func model(from model: Model) -> Model { model.split(after: trunkLayerCount) }

    public var byteCost: ByteCost {
        if let drafting { return drafting.source == .model ? .unknown : .passes(drafting: drafting.source) }
        return skipsLayers ? .layerShares : .wholePasses
    }

    /// Maximum number of tokens of a cycle, verified or not; 1 for plans without cycles.
    public var longestCycle: Int {
        if let drafting { return drafting.source == .head ? drafting.count + 1 : 1 }
        return cycleEnd?.maximum ?? cycleLength
    }

    /// The plan of a sequence that shares passes with others: drafts of the text in place of a choice before each cycle, which needs
    /// passes of its own to be timed.
    package func shared(in model: Model) -> any DecodePlan {
        alternatives(for: model).first { $0.drafting?.source == .text } ?? self
    }

    /// Whether the plan decodes in cycles.
    public var hasCycles: Bool { cycleIndex(of: 0, promptCount: 0) != nil }

    /// Whether the engine computes vanilla's logits after each token on the way, at no further reading of weights.
    package var canBeMetered: Bool { !skipsLayers && (refreshesHead || !hasCycles) }

    /// Whether some token may skip a layer.
    public var skipsLayers: Bool { layers != .all }
}
