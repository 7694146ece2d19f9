/// The order in which llama.cpp's samplers run (`general.sampling.sequence`): names separated by semicolons.
struct SamplerSequence {
    /// The samplers that are implemented. llama.cpp's others do nothing without parameters of their own.
    enum Sampler: String, CaseIterable {
        case penalties
        case temperature
        case topK = "top_k"
        case topP = "top_p"
        case minP = "min_p"
    }

    /// Our own order, which is that of transformers.
    static let ours = Sampler.allCases.map(\.rawValue).joined(separator: ", ")

    private let samplers: [Sampler]

    init(_ text: String) {
        samplers = text.split(separator: ";").compactMap { name in
            switch name {
            case "temp": .temperature
            case "top-k": .topK
            case "top-p", "nucleus": .topP
            case "min-p": .minP
            default: Sampler(rawValue: String(name))
            }
        }
    }

    func has(_ sampler: Sampler) -> Bool { samplers.contains(sampler) }

    /// Whether the order has the same effect as ours. Top-k commutes with the temperature.
    ///
    /// - Parameter active: the samplers whose parameters have an effect.
    func isOurs(active: Set<Sampler>) -> Bool {
        func isInOrder(leavingOut sampler: Sampler) -> Bool {
            let rest = samplers.filter { active.contains($0) && $0 != sampler }
            let ranks = rest.compactMap { Sampler.allCases.firstIndex(of: $0) }
            return ranks == ranks.sorted()
        }
        return isInOrder(leavingOut: .topK) && isInOrder(leavingOut: .temperature)
    }
}
