#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension RopeConfiguration {
    /// Radians per position for each pair: `headWidth / 2` values.
    ///
    /// Computed in 32-bit arithmetic in the order of transformers' `modeling_rope_utils.py` (v4.51), so that angles agree at
    /// distant positions too.
    /// - Parameter factors: divisors from a GGUF file (`rope_freqs.weight`). They include the Llama-3 scaling, so such a file
    ///   names no other scaling.
    /// - Precondition: `factors`, if given, has `headWidth / 2` values.
    public func inverseFrequencies(factors: [Float]? = nil) -> [Float] {
        precondition(factors.map { $0.count == headWidth / 2 } ?? true, "one factor for each of \(headWidth / 2) pairs")
        let periods = (0..<headWidth / 2).map { powf(Float(theta), Float(2 * $0) / Float(headWidth)) }
        let frequencies = scaledFrequencies(periods)
        return factors.map { zip(frequencies, $0).map { $0 / $1 } } ?? frequencies
    }

    private func scaledFrequencies(_ periods: [Float]) -> [Float] {
        if case .yarn(let yarn) = scaling { return yarn.inverseFrequencies(periods: periods, theta: theta) }
        return periods.map { scaled(1 / $0) }
    }

    private func scaled(_ frequency: Float) -> Float {
        switch scaling {
        case .none, .yarn: return frequency
        case .linear(let factor): return frequency / Float(factor)
        case .llama3(let factor, let low, let high, let length):
            // Not Float.pi, which is rounded towards zero.
            let waveLength = Float(2 * Double.pi) / frequency
            if waveLength > Float(Double(length) / low) { return frequency / Float(factor) }
            if waveLength < Float(Double(length) / high) { return frequency }
            let smooth = (Float(length) / waveLength - Float(low)) / Float(high - low)
            return (1 - smooth) * frequency / Float(factor) + smooth * frequency
        }
    }
}
