public import Models

/// A decode plan: the head's input at each position, and the layers that a token runs. The trunk runs exactly when a position
/// needs it, over every token that it has not seen.
///
/// A plan is a pure function of positions, so that recomputing a sequence in one pass gives the same result as decoding it. Its
/// members tell commands, measurements and the server all they need; no code tests a plan's type.
public protocol DecodePlan: Sendable {
    /// The plan as the command line spells it: `off`, `4`, `exit:20`.
    var name: String { get }
    /// Whether the plan is selected by `--mtd`, with its name; otherwise by `--plan`.
    var isFactor: Bool { get }
    /// Whether the plan is vanilla decoding, the baseline of comparisons.
    var isVanilla: Bool { get }
    /// The number of tokens per trunk pass.
    var cycleLength: Int { get }
    /// The layers that a token runs, in trunk and head.
    var layers: LayerChoice { get }
    /// The number of trunk layers that the plan needs; nil for the model's own.
    var trunkLayerCount: Int? { get }
    /// How tokens are drafted for the head to verify in one pass; nil without drafts.
    var drafting: Drafting? { get }
    /// Whether the plan needs a model with both a trunk and a head.
    var needsSplit: Bool { get }
    /// How the bytes that a token reads are determined.
    var byteCost: ByteCost { get }

    /// The head's input at `position`, if the first `promptCount` positions are the prompt.
    func headInput(at position: Int, promptCount: Int) -> HeadInput
    /// The number of positions before `position` that the trunk ever sees. It must see each position whose head input needs it.
    /// It never sees the positions that it leaves out.
    func trunkCount(before position: Int, promptCount: Int) -> Int
    /// The cycle index of the pass over `position`; nil for the prompt and for plans without cycles.
    func cycleIndex(of position: Int, promptCount: Int) -> Int?

    /// The model as the plan runs it: with the plan's trunk/head split and its replaced weights, if it has any.
    func model(from model: Model) -> Model
    /// A one-sentence warning if the model was not trained for the plan, else nil.
    func warning(for configuration: ModelConfiguration) -> String?
}

extension DecodePlan {
    public var isFactor: Bool { false }
    public var isVanilla: Bool { false }
    public var cycleLength: Int { 1 }
    public var layers: LayerChoice { .all }
    public var trunkLayerCount: Int? { nil }
    public var drafting: Drafting? { nil }
    public func trunkCount(before position: Int, promptCount: Int) -> Int { position }
    public func warning(for configuration: ModelConfiguration) -> String? { nil }
    public func model(from model: Model) -> Model { model.split(after: trunkLayerCount) }

    public var byteCost: ByteCost {
        if let drafting { return .passes(drafting: drafting.source) }
        return skipsLayers ? .layerShares : .wholePasses
    }

    /// Whether the plan decodes in cycles.
    public var hasCycles: Bool { cycleIndex(of: 0, promptCount: 0) != nil }

    /// Whether some token may skip a layer.
    public var skipsLayers: Bool { layers != .all }
}
