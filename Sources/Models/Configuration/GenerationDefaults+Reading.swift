import JSON
import Weights

extension GenerationDefaults {
    /// Reads and checks a checkpoint's recommendations.
    ///
    /// - Throws: `ConfigurationError` naming a field whose value is out of range.
    package init(_ source: GenerationSource) throws(ConfigurationError) {
        self.init()
        let fields = try ConfigurationReader(.object(source.fields), prefix: source.prefix)
        if source.origin == .gguf {
            try takeMetadata(fields, source)
        } else {
            try takeFile(fields, source)
        }
    }

    private mutating func takeFile(_ fields: ConfigurationReader, _ source: GenerationSource) throws(ConfigurationError)
    {
        let file = source.origin.rawValue
        func number(_ name: String, _ range: NumberRange) throws(ConfigurationError) -> Setting<Float>? {
            try fields.number(name, in: range).map { Setting($0, from: file) }
        }
        temperature = try number("temperature", .temperature)
        topK = try fields.topK("top_k").map { Setting($0, from: file) }
        topP = try number("top_p", .share).map(\.aboveZero)
        minP = try number("min_p", .share)
        repetitionPenalty = try number("repetition_penalty", .positive)
        presencePenalty = try number("presence_penalty", .penalty)
        frequencyPenalty = try number("frequency_penalty", .penalty)
        maximumTokens = try fields.count("max_new_tokens").map { Setting($0, from: file) }
        // transformers writes its own default of 20 into files whose makers named no length.
        maximumLength = try fields.count("max_length").flatMap { $0 == 20 ? nil : Setting($0, from: file) }
        let samples = try fields.truth("do_sample")
        settleSampling(samples, file: file)
        notes = source.notes(samples: samples ?? false)
    }

    /// Applies transformers' rule: it samples only if `do_sample` is true, then with its own defaults for missing fields.
    private mutating func settleSampling(_ samples: Bool?, file: String) {
        let isMentioned = samples != nil || temperature != nil || topK != nil || topP != nil || minP != nil
        guard isMentioned else { return }
        if samples == true {
            let origin = "transformers' default"
            temperature = temperature ?? Setting(1, from: origin)
            topK = topK ?? Setting(50, from: origin)
        } else {
            temperature = Setting(0, from: "\(file), do_sample \(samples == nil ? "absent" : "false")")
            (topK, topP, minP) = (nil, nil, nil)
        }
    }
}

extension GenerationSource {
    /// The prefix of a field's name in messages.
    var prefix: String { origin == .gguf ? "\(origin.rawValue)." : "\(origin.rawValue): " }
}

extension GenerationDefaults.Setting<Float> {
    /// The smallest positive value in place of 0: both keep only the most likely token.
    var aboveZero: Self { Self(max(value, .leastNormalMagnitude), from: origin) }
}
