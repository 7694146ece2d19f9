import JSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// YaRN (arXiv 2309.00071): fast pairs of values keep their frequency, slow ones are divided by `factor`, those between are
/// blended, and cos and sin are scaled. The arithmetic is that of transformers' `modeling_rope_utils.py` (v5.23).
public struct YarnScaling: Sendable, Equatable {
    /// Context length ÷ `originalContextLength`; at least 1.
    public let factor: Double
    /// Positions that the model was trained on before it was stretched.
    public let originalContextLength: Int
    /// Pairs that turn at least so often in the original context keep their frequency.
    public let betaFast: Double
    /// Pairs that turn at most so often are divided by `factor`.
    public let betaSlow: Double
    /// Whether the two bounds are rounded outwards to whole pairs.
    public let truncates: Bool
    /// The factor of cos and sin (YaRN's attention factor).
    public let attentionFactor: Double

    /// Takes values that were checked before.
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

    /// The paper's scale of cos and sin for a stretch by `factor`.
    static func magnitude(_ factor: Double, weight: Double = 1) -> Double {
        factor <= 1 ? 1 : 0.1 * weight * log(factor) + 1
    }

    /// Positions that the stretched model takes.
    var contextLength: Int { Int((factor * Double(originalContextLength)).rounded()) }

    /// Radians a position for each pair, in transformers' order of float32 operations.
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

    /// From which pair on frequencies are changed, and from which on they are divided by the whole factor.
    private func blendedPairs(theta: Double, headWidth: Int) -> (low: Double, high: Double) {
        func pair(turning rotations: Double) -> Double {
            Double(headWidth) * log(Double(originalContextLength) / (rotations * 2 * .pi)) / (2 * log(theta))
        }
        let (low, high) = (pair(turning: betaFast), pair(turning: betaSlow))
        return (
            max(truncates ? low.rounded(.down) : low, 0),
            min(truncates ? high.rounded(.up) : high, Double(headWidth - 1))
        )
    }
}

// MARK: - Reading

extension YarnScaling {
    /// - Parameters:
    ///   - parameters: `rope_scaling` or `rope_parameters`.
    ///   - fields: of the whole configuration.
    /// - Throws: `ConfigurationError` for a field that is missing, impossible, or contradicts another.
    init(_ parameters: ConfigurationReader, of fields: ConfigurationReader) throws(ConfigurationError) {
        factor = try Self.atLeastOne(parameters, "factor")
        let context = try fields.count("max_position_embeddings")
        originalContextLength = try Self.originalContextLength(parameters, fields, contextLength: context)
        betaFast = try parameters.positiveNumber("beta_fast") ?? 32
        betaSlow = try parameters.positiveNumber("beta_slow") ?? 1
        truncates = try parameters.truth("truncate") ?? true
        attentionFactor = try Self.attentionFactor(parameters, factor: factor)
        guard betaFast >= betaSlow else {
            throw .inconsistent(problem: "\(parameters.prefix)beta_fast \(betaFast) is below beta_slow \(betaSlow)")
        }
        let stretched = factor * Double(originalContextLength)
        guard stretched < Double(ConfigurationReader.countLimit) else {
            throw .inconsistent(
                problem: "\(parameters.prefix)factor \(factor) times original_max_position_embeddings "
                    + "\(originalContextLength) is 2^31 or more")
        }
        // Qwen3's own way leaves max_position_embeddings at a smaller number, which is no contradiction. 1 % is for factors
        // that were rounded.
        if let context, Double(context) > 1.01 * stretched {
            throw .inconsistent(
                problem: "\(parameters.prefix)factor \(factor) times original_max_position_embeddings "
                    + "\(originalContextLength) does not reach max_position_embeddings \(context)")
        }
        if let context, context < originalContextLength {
            throw .inconsistent(
                problem: "\(parameters.prefix)original_max_position_embeddings \(originalContextLength) is above "
                    + "max_position_embeddings \(context)")
        }
    }

    private static func atLeastOne(
        _ parameters: ConfigurationReader, _ field: String
    ) throws(ConfigurationError) -> Double {
        let number = try parameters.requiredPositiveNumber(field)
        guard number >= 1 else { throw parameters.invalid(field, .double(number), "a number of at least 1") }
        return number
    }

    /// Inside the parameters, beside them, or `max_position_embeddings` itself.
    private static func originalContextLength(
        _ parameters: ConfigurationReader, _ fields: ConfigurationReader, contextLength: Int?
    ) throws(ConfigurationError) -> Int {
        let name = "original_max_position_embeddings"
        let (inner, outer) = (try parameters.count(name), try fields.count(name))
        if let inner, let outer, inner != outer {
            throw .inconsistent(problem: "\(name) is \(outer), but \(parameters.prefix)\(name) is \(inner)")
        }
        guard let length = inner ?? outer ?? contextLength else { throw .missing(field: parameters.prefix + name) }
        return length
    }

    /// `attention_factor`, or the paper's from `factor`, with the weights that DeepSeek gives it. `attn_factor`, which vLLM
    /// and llama.cpp read and transformers does not, multiplies that.
    private static func attentionFactor(
        _ parameters: ConfigurationReader, factor: Double
    ) throws(ConfigurationError) -> Double {
        let multiplier = try parameters.positiveNumber("attn_factor")
        let (scale, allDimensions) = (try weight(parameters, "mscale"), try weight(parameters, "mscale_all_dim"))
        if let whole = try parameters.positiveNumber("attention_factor") {
            guard multiplier == nil || multiplier == 1 else {
                throw .inconsistent(problem: "\(parameters.prefix)attention_factor and attn_factor are both there")
            }
            return whole
        }
        guard let scale, let allDimensions else { return magnitude(factor) * (multiplier ?? 1) }
        return magnitude(factor, weight: scale) / magnitude(factor, weight: allDimensions) * (multiplier ?? 1)
    }

    /// 0 counts as absent, as in transformers.
    private static func weight(_ parameters: ConfigurationReader, _ field: String) throws(ConfigurationError) -> Double?
    {
        parameters.value(field)?.isOff ?? true ? nil : try parameters.positiveNumber(field)
    }
}
