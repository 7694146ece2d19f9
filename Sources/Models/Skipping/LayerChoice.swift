/// The layers that a token runs.
public enum LayerChoice: Sendable, Equatable {
    /// All layers, routed ones included.
    case all
    /// Routed layers whose gate is open, and all layers without a router.
    case routed
    /// The same layers for every token, as if the model had no others.
    case only(Set<Int>)
    /// Early exit: the layers up to the first whose input and output have a cosine above this. The later layers compute the
    /// token's keys and values from its residual at the exit.
    case untilSaturated(cosine: Float)

    /// Whether any token runs the layer.
    func includes(_ layer: Int) -> Bool {
        if case .only(let chosen) = self { chosen.contains(layer) } else { true }
    }
}
