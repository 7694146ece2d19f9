import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The rule by which a cycle of varying length ends: after a token that the head is not sure of, and after `maximum` tokens.
public struct CycleEnd: Sendable, Equatable {
    /// A measure of how sure the head is of a token, from 0 to 1; higher is surer.
    public enum Signal: String, Sendable, CaseIterable {
        /// The token's probability.
        case probability
        /// The difference between the two highest probabilities; 0 for a token that is not the most likely one.
        case margin
        /// e to the power of minus the entropy: 1 for a certain token, 1/n if n tokens are equally likely.
        case entropy
    }

    /// Maximum number of tokens of a cycle.
    public let maximum: Int
    public let signal: Signal
    /// The cycle goes on after a token whose signal is at least this.
    public let threshold: Float

    public init(maximum: Int, signal: Signal, threshold: Float) {
        self.maximum = maximum
        self.signal = signal
        self.threshold = threshold
    }

    /// Whether the cycle ends after `token`, drawn from `logits` [vocabulary]. NaN logits end it.
    package func comes(after token: Int, from logits: UnsafeBufferPointer<Float>) -> Bool {
        guard let best = logits.argmax else { return true }
        return !(signal.value(of: token, in: logits, best: best) >= threshold)
    }
}

extension CycleEnd.Signal {
    /// - Parameter best: the token with the largest logit.
    fileprivate func value(of token: Int, in logits: UnsafeBufferPointer<Float>, best: Int) -> Float {
        let peak = logits[best]
        var (total, weighted, second) = (Float(0), Float(0), -Float.infinity)
        for (index, logit) in logits.enumerated() {
            let depth = logit - peak
            if index != best { second = max(second, depth) }
            // Below e⁻⁴⁰ nothing changes a float32 sum.
            guard depth > -40 else { continue }
            let weight = expf(depth)
            total += weight
            weighted += weight * depth
        }
        switch self {
        case .probability: return expf(logits[token] - peak) / total
        case .margin: return token == best ? (1 - expf(second)) / total : 0
        // H = log(total) − weighted / total
        case .entropy: return expf(weighted / total) / total
        }
    }
}
