/// How the bytes that a plan reads per token are determined.
public enum ByteCost: Sendable, Equatable {
    /// From the cycle length: one trunk pass per cycle and one head pass per token, each over all layers.
    case wholePasses
    /// From the number of passes that a generation took. `lm_head` runs once per pass of the part that drafts; once per head pass
    /// if none does.
    case passes(drafting: Drafting.Source?)
    /// From the share of tokens that ran each layer.
    case layerShares
    /// Not known: tokens of one pass share the reading of a layer or run half of it, or another model drafts, which is not counted.
    case unknown
}
