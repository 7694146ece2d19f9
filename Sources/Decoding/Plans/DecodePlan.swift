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
    var needsTrunk: Bool { self != .embedding }
}

/// A way of decoding: what the head is fed at each position, and which layers a token runs. The trunk runs exactly when a
/// position needs it, over every token that it has not seen.
///
/// A plan is a pure function of positions, so that recomputing a sequence in one pass gives what decoding gave.
public protocol DecodePlan: Sendable {
    /// As the command line spells it: `off`, `4`.
    var name: String { get }
    /// Which layers a token runs, in the trunk as in the head.
    var layers: LayerChoice { get }
    /// How many of the first layers are to be the trunk; nil leaves it to the model.
    var trunkLayerCount: Int? { get }
    /// Tokens that the trunk, with the final norm and `lm_head`, drafts for the head to verify in one pass; 0 for none.
    var draftCount: Int { get }
    /// Whether the plan works only on a model that has both a trunk and a head.
    var needsSplit: Bool { get }
    /// What the head is fed at `position` when the first `promptCount` positions are the prompt.
    func headInput(at position: Int, promptCount: Int) -> HeadInput
    /// How many of the positions before `position` the trunk ever runs over. It must run over each whose head input needs it;
    /// what it leaves out it never sees.
    func trunkCount(before position: Int, promptCount: Int) -> Int
    /// The place in its cycle of the pass over `position`, or nil for the prompt and for plans without cycles.
    func cyclePlace(of position: Int, promptCount: Int) -> Int?
}

extension DecodePlan {
    public var layers: LayerChoice { .all }
    public var trunkLayerCount: Int? { nil }
    public var draftCount: Int { 0 }
    public func trunkCount(before position: Int, promptCount: Int) -> Int { position }
}

/// All layers for every token.
public struct VanillaPlan: DecodePlan {
    /// The one vanilla plan.
    public init() {}

    public var name: String { "off" }
    public var needsSplit: Bool { false }
    public func headInput(at position: Int, promptCount: Int) -> HeadInput { .trunk }
    public func cyclePlace(of position: Int, promptCount: Int) -> Int? { nil }
}

extension DecodePlan where Self == VanillaPlan {
    /// All layers for every token.
    public static var vanilla: VanillaPlan { VanillaPlan() }
}
