import JSON
import Weights

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Rotary position embedding: how fast each pair of a head's values turns with the position.
///
/// Value i of a head's first half is paired with value i of its second half, as Hugging Face does.
public struct RopeConfiguration: Sendable, Equatable {
    /// Base of the frequencies (`rope_theta`).
    public let theta: Double
    /// What is done to the frequencies.
    public let scaling: Scaling
    /// Width of one head; even.
    public let headWidth: Int

    /// How a model trained on short texts was stretched to long ones.
    public enum Scaling: Sendable, Equatable {
        /// The frequencies as they are.
        case none
        /// All frequencies divided by `factor`.
        case linear(factor: Double)
        /// Llama 3.1: low frequencies divided by `factor`, high ones kept, those between blended.
        case llama3(
            factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContextLength: Int)
        /// Low frequencies divided, high ones kept, cos and sin scaled.
        case yarn(YarnScaling)
    }

    /// The factor of cos and sin (YaRN's attention factor).
    public var attentionFactor: Float {
        if case .yarn(let scaling) = scaling { Float(scaling.attentionFactor) } else { 1 }
    }

    /// Takes values that were checked before.
    package init(theta: Double, scaling: Scaling, headWidth: Int) {
        self.theta = theta
        self.scaling = scaling
        self.headWidth = headWidth
    }
}

// MARK: - Frequencies

extension RopeConfiguration {
    /// Radians a position for each pair: `headWidth / 2` values.
    ///
    /// In 32-bit arithmetic, in the order of transformers' `modeling_rope_utils.py` (v4.51), so that angles agree at
    /// far positions too.
    /// - Parameter factors: divisors from a GGUF file (`rope_freqs.weight`), `headWidth / 2` of them; they hold the
    ///   Llama-3 scaling already worked out, so such a file names no scaling besides.
    /// - Precondition: `factors`, where given, has `headWidth / 2` values.
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

// MARK: - Reading

extension RopeConfiguration {
    /// What transformers' configuration classes assume where `rope_theta` is missing.
    private static let defaultTheta = 10000.0

    /// Reads `rope_theta` and `rope_scaling`, or the newer `rope_parameters` that holds both.
    init(_ fields: ConfigurationReader, headWidth: Int) throws(ConfigurationError) {
        let field = fields.value("rope_parameters") == nil ? "rope_scaling" : "rope_parameters"
        guard let value = fields.value(field) else {
            self.init(
                theta: try fields.positiveNumber("rope_theta") ?? Self.defaultTheta, scaling: .none,
                headWidth: headWidth)
            return
        }
        let parameters = try ConfigurationReader(value, prefix: field + ".")
        if field == "rope_parameters", let older = fields.value("rope_scaling"), older != value {
            guard
                try Scaling(ConfigurationReader(older, prefix: "rope_scaling."), fields) == Scaling(parameters, fields)
            else {
                throw .inconsistent(problem: "rope_scaling and rope_parameters name different scalings")
            }
        }
        let outerTheta = try fields.positiveNumber("rope_theta")
        let innerTheta = try parameters.positiveNumber("rope_theta")
        if let innerTheta, let outerTheta, innerTheta != outerTheta {
            throw .inconsistent(problem: "rope_theta is \(outerTheta), but \(field).rope_theta is \(innerTheta)")
        }
        let theta = innerTheta ?? outerTheta ?? Self.defaultTheta
        if let rotated = try parameters.positiveNumber("partial_rotary_factor"), rotated != 1 {
            throw parameters.unsupported("partial_rotary_factor", "use a checkpoint that rotates whole heads")
        }
        let scaling = try Scaling(parameters, fields)
        if case .yarn = scaling, theta <= 1 || log(theta) == 0 {
            throw .inconsistent(problem: "rope_theta \(theta) must be above 1 for the scaling yarn")
        }
        self.init(theta: theta, scaling: scaling, headWidth: headWidth)
    }

    /// Positions that the scaling stretches the model to; nil where it does not say.
    var contextLength: Int? {
        if case .yarn(let scaling) = scaling { scaling.contextLength } else { nil }
    }
}

extension RopeConfiguration.Scaling {
    fileprivate init(
        _ parameters: ConfigurationReader, _ fields: ConfigurationReader
    ) throws(ConfigurationError) {
        // "type" is the name that files from before 2024 use.
        let field = parameters.value("rope_type") == nil ? "type" : "rope_type"
        let type = try parameters.text(field)
        if let older = try parameters.text("type"), older != type {
            throw .inconsistent(
                problem: "\(parameters.prefix)rope_type is \(quoted(type ?? "")), but type is \(quoted(older))")
        }
        try Self.refuseOtherFields(parameters, type: type)
        switch type {
        case "default"?: self = .none
        case "linear"?: self = .linear(factor: try parameters.requiredPositiveNumber("factor"))
        case "llama3"?: self = try .llama3(parameters)
        case "yarn"?: self = .yarn(try YarnScaling(parameters, of: fields))
        case nil:
            // A file that gives each kind of layer its own parameters has objects here, and no type.
            guard !parameters.fields.contains(where: { $0.value.objectValue != nil }) else {
                throw .unsupported(
                    field: String(parameters.prefix.dropLast()), value: "of several kinds of layer",
                    remedy: "use a checkpoint with one kind")
            }
            guard parameters.value("factor") == nil else { throw .missing(field: parameters.prefix + "rope_type") }
            self = .none
        default:
            throw parameters.unsupported(field, "use a checkpoint whose rope_type is default, linear, llama3 or yarn")
        }
    }

    /// Fields that each type reads, beside those that all may have.
    private static let fieldsOfType: [String: Set<String>] = [
        "default": [],
        "linear": ["factor"],
        "llama3": ["factor", "low_freq_factor", "high_freq_factor"],
        "yarn": [
            "factor", "attention_factor", "attn_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim",
            "truncate",
        ],
    ]
    private static let fieldsOfAll: Set<String> = [
        "type", "rope_type", "rope_theta", "partial_rotary_factor", "original_max_position_embeddings", "finetuned",
    ]

    /// All of a scaling's fields change frequencies: one that its type does not read is refused, unless it is off or 1.
    private static func refuseOtherFields(
        _ parameters: ConfigurationReader, type: String?
    ) throws(ConfigurationError) {
        guard let type, let known = fieldsOfType[type] else { return }
        for (field, value) in parameters.fields
        where !known.contains(field) && !fieldsOfAll.contains(field) && !value.isOff && value.doubleValue != 1 {
            throw parameters.unsupported(field, "it says nothing for rope_type \(type): remove it, or correct the type")
        }
    }

    private static func llama3(_ parameters: ConfigurationReader) throws(ConfigurationError) -> Self {
        let low = try parameters.requiredPositiveNumber("low_freq_factor")
        let high = try parameters.requiredPositiveNumber("high_freq_factor")
        guard low < high, Float(low) < Float(high) else {
            throw .inconsistent(
                problem: "\(parameters.prefix)low_freq_factor \(low) is not below high_freq_factor \(high)")
        }
        return .llama3(
            factor: try parameters.requiredPositiveNumber("factor"), lowFrequencyFactor: low, highFrequencyFactor: high,
            originalContextLength: try parameters.requiredCount("original_max_position_embeddings"))
    }
}
