import JSON

extension YarnScaling {
    /// - Parameters:
    ///   - parameters: `rope_scaling` or `rope_parameters`.
    ///   - fields: the whole configuration's.
    /// - Throws: `ConfigurationError` for a field that is missing, invalid, or contradicts another.
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
        // A smaller max_position_embeddings is valid: Qwen3's instructions leave it unchanged. 1 % allows for rounded
        // factors.
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

    /// Reads the field inside or beside the parameters; the default is `max_position_embeddings`.
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

    /// `attention_factor` if there is one, else the paper's value for `factor`, weighted by DeepSeek's `mscale` fields and
    /// multiplied by `attn_factor`, which vLLM and llama.cpp read and transformers does not.
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

    /// Reads a weight; 0 counts as absent, as in transformers.
    private static func weight(_ parameters: ConfigurationReader, _ field: String) throws(ConfigurationError) -> Double?
    {
        parameters.value(field)?.isOff ?? true ? nil : try parameters.positiveNumber(field)
    }
}
