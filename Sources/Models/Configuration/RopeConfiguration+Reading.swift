import JSON
import Weights

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension RopeConfiguration {
    /// The default of transformers' configuration classes for `rope_theta`.
    private static let defaultTheta = 10000.0

    /// Reads `rope_theta` and `rope_scaling`, or the newer `rope_parameters`, which holds both.
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

    /// The context length after scaling; nil if the scaling does not define it.
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
            // A configuration with parameters for each kind of layer has objects here, and no type.
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

    /// Fields that each type reads, besides `fieldsOfAll`.
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

    /// Refuses fields that the type does not read, unless they are off or 1: each may change the frequencies.
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
