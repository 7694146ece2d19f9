public import Models

/// What the head's first layer is fed for one token (E: its embedding, T: the trunk's output for it).
public enum HeadInput: UInt8, Sendable {
    /// T, as in vanilla decoding.
    case trunk
    /// E alone: the trunk need not have seen the token yet.
    case embedding
    /// E + T.
    case embeddingAndTrunk

    /// Whether the trunk must run up to the token before the head can.
    package var needsTrunk: Bool { self != .embedding }
}

/// A way of decoding: what the head is fed at each position, and which layers a token runs. The trunk runs exactly when a
/// position needs it, over every token that it has not seen.
///
/// A plan is a pure function of positions, so that recomputing a sequence in one pass gives what decoding gave. It says itself all
/// that commands, measurements and the server want to know of it; nobody asks for its type.
public protocol DecodePlan: Sendable {
    /// The plan as the command line spells it: `off`, `4`, `exit:20`.
    var name: String { get }
    /// Whether `--mtd` asks for the plan, with its name; else `--plan` does.
    var isFactor: Bool { get }
    /// Whether the plan is vanilla decoding, which the others are held against.
    var isVanilla: Bool { get }
    /// Tokens that one trunk pass emits.
    var cycleLength: Int { get }
    /// Which layers a token runs, in the trunk as in the head.
    var layers: LayerChoice { get }
    /// How many of the first layers are to be the trunk; nil leaves it to the model.
    var trunkLayerCount: Int? { get }
    /// Tokens drafted for the head to verify in one pass; nil where none are.
    var drafting: Drafting? { get }
    /// Whether the plan works only on a model that has both a trunk and a head.
    var needsSplit: Bool { get }
    /// The bytes that a token costs.
    var byteCost: ByteCost { get }
    /// What the head is fed at `position` when the first `promptCount` positions are the prompt.
    func headInput(at position: Int, promptCount: Int) -> HeadInput
    /// How many of the positions before `position` the trunk ever runs over. It must run over each whose head input needs it;
    /// what it leaves out it never sees.
    func trunkCount(before position: Int, promptCount: Int) -> Int
    /// The index in its cycle of the pass over `position`, or nil for the prompt and for plans without cycles.
    func cycleIndex(of position: Int, promptCount: Int) -> Int?
    /// The model as the plan runs it: cut into trunk and head where it asks for that, and with the weights that it brings.
    func model(from model: Model) -> Model
    /// One sentence where the plan is not what a model was trained for, else nil.
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
        if drafting != nil { return .passes }
        return skipsLayers ? .layerShares : .wholePasses
    }

    /// Whether tokens have an index in a cycle.
    public var hasCycles: Bool { cycleIndex(of: 0, promptCount: 0) != nil }

    /// Whether some token may skip a layer.
    public var skipsLayers: Bool { layers != .all }
}

/// Tokens that are drafted, and verified in one pass of the head.
public struct Drafting: Sendable, Equatable {
    /// Most tokens that are drafted at a time.
    public let count: Int

    /// Drafts by the trunk, with the final norm and `lm_head`.
    public init(count: Int) { self.count = count }
}

/// How the bytes that a token of a plan costs are known.
public enum ByteCost: Sendable, Equatable {
    /// Trunk and head are read whole, as often as the cycle says.
    case wholePasses
    /// By the passes that a generation took.
    case passes
    /// By the share of the tokens that ran each layer.
    case layerShares
    /// Tokens of one pass share the reading of a layer, or run half of it, which is not counted.
    case unknown
}
