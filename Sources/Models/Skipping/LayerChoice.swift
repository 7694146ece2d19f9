/// Which layers a token runs.
public enum LayerChoice: Sendable, Equatable {
    /// All of them whole, routed or not.
    case all
    /// In a routed layer the token's router decides; all others run.
    case routed
    /// The same layers for every token; the others are as if they were not there.
    case only(Set<Int>)
    /// From the first on until one turns the token's residual so little that the cosine between before and after is above
    /// this; in the layers after it, the token's keys and values are made from the residual that it left with.
    case untilSaturated(cosine: Float)

    /// Whether any token runs the layer.
    func includes(_ layer: Int) -> Bool {
        if case .only(let chosen) = self { chosen.contains(layer) } else { true }
    }
}
