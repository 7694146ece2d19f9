#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// YaRN (arXiv 2309.00071): high frequencies are kept, low ones divided by `factor`, those between blended, and cos and sin
/// are scaled. The arithmetic is that of transformers' `modeling_rope_utils.py` (v5.23).
public struct YarnScaling: Sendable, Equatable {
    /// Context length ÷ `originalContextLength`; at least 1.
    public let factor: Double
    /// The context length that the model was trained on.
    public let originalContextLength: Int
    /// Pairs with at least this many rotations in the original context keep their frequency.
    public let betaFast: Double
    /// Frequencies of pairs with at most this many rotations are divided by `factor`.
    public let betaSlow: Double
    /// Whether the bounds of the blended range are rounded outwards to whole pairs.
    public let truncates: Bool
    /// The factor of cos and sin (YaRN's attention factor).
    public let attentionFactor: Double

    /// - Precondition: the values have been checked.
    package init(
        factor: Double, originalContextLength: Int, betaFast: Double = 32, betaSlow: Double = 1, truncates: Bool = true,
        attentionFactor: Double
    ) {
        self.factor = factor
        self.originalContextLength = originalContextLength
        self.betaFast = betaFast
        self.betaSlow = betaSlow
        self.truncates = truncates
        self.attentionFactor = attentionFactor
    }

    /// The paper's scale of cos and sin for `factor`.
    static func magnitude(_ factor: Double, weight: Double = 1) -> Double {
        factor <= 1 ? 1 : 0.1 * weight * log(factor) + 1
    }

    /// The context length after scaling.
    var contextLength: Int { Int((factor * Double(originalContextLength)).rounded()) }

    /// Radians per position for each pair, in transformers' order of float32 operations.
    ///
    /// - Parameter periods: theta^(2i/width) for each pair i.
    /// - Precondition: `theta` is above 1.
    func inverseFrequencies(periods: [Float], theta: Double) -> [Float] {
        let (low, high) = blendedPairs(theta: theta, headWidth: 2 * periods.count)
        let span = Float(low == high ? high + 0.001 - low : high - low)
        return periods.enumerated().map { pair, period in
            let (kept, divided) = (1 / period, 1 / (Float(factor) * period))
            let share = 1 - min(max((Float(pair) - Float(low)) / span, 0), 1)
            return divided * (1 - share) + kept * share
        }
    }

    /// The range of pairs whose frequencies are blended: below it they are kept, above it divided by `factor`.
    private func blendedPairs(theta: Double, headWidth: Int) -> (low: Double, high: Double) {
        func pair(with rotations: Double) -> Double {
            Double(headWidth) * log(Double(originalContextLength) / (rotations * 2 * .pi)) / (2 * log(theta))
        }
        let (low, high) = (pair(with: betaFast), pair(with: betaSlow))
        return (
            max(truncates ? low.rounded(.down) : low, 0),
            min(truncates ? high.rounded(.up) : high, Double(headWidth - 1))
        )
    }
}
