import JSON
import Weights

extension GenerationDefaults {
    /// Reads and checks what a checkpoint says.
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

    // MARK: transformers' files

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
        // 20 is what transformers takes where nobody names a length: no maker's wish.
        maximumLength = try fields.count("max_length").flatMap { $0 == 20 ? nil : Setting($0, from: file) }
        let samples = try fields.truth("do_sample")
        settleSampling(samples, file: file)
        notes = source.notes(samples: samples ?? false)
    }

    /// transformers draws only where `do_sample` is true, and has defaults of its own for what is then missing.
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

    // MARK: GGUF

    /// A file that names a way to draw but no temperature draws at 1, as the `generation_config.json` does that such keys
    /// are made from.
    private mutating func takeMetadata(
        _ fields: ConfigurationReader, _ source: GenerationSource
    ) throws(ConfigurationError) {
        let origin = "the GGUF file's \(source.origin.rawValue)"
        func number(_ name: String, _ range: NumberRange) throws(ConfigurationError) -> Setting<Float>? {
            try fields.number(name, in: range).map { Setting($0, from: origin) }
        }
        temperature = try number("temp", .temperature)
        topK = try fields.topK("top_k").map { Setting($0, from: origin) }
        topP = try number("top_p", .share).map(\.aboveZero)
        minP = try number("min_p", .share)
        repetitionPenalty = try number("penalty_repeat", .positive)
        presencePenalty = try number("penalty_present", .penalty)
        frequencyPenalty = try number("penalty_freq", .penalty)
        switch try fields.wholeNumber("penalty_last_n", atLeast: -1) {
        case nil, -1: break
        case 0?: repetitionPenalty = nil
        case let count?: repetitionWindow = Setting(count, from: origin)
        }
        notes = source.notes(samples: true)
        if let sequence = try fields.text("sequence") { follow(SamplerSequence(sequence), source) }
        if temperature == nil, topK != nil || topP != nil || minP != nil { temperature = Setting(1, from: origin) }
    }

    /// Samplers that the sequence leaves out do nothing.
    private mutating func follow(_ sequence: SamplerSequence, _ source: GenerationSource) {
        if !sequence.has(.temperature) { temperature = temperature.map { Setting(1, from: $0.origin) } }
        if !sequence.has(.topK) { topK = nil }
        if !sequence.has(.topP) { topP = nil }
        if !sequence.has(.minP) { minP = nil }
        if !sequence.has(.penalties) { (repetitionPenalty, presencePenalty, frequencyPenalty) = (nil, nil, nil) }
        if temperature?.value != 0, !sequence.isOurs(active: activeSamplers) {
            notes.append(
                "\(source.prefix)sequence asks for another order of samplers; volley's is "
                    + "\(SamplerSequence.ours)")
        }
    }
}

extension GenerationDefaults {
    fileprivate var activeSamplers: Set<SamplerSequence.Sampler> {
        var active: Set<SamplerSequence.Sampler> = []
        if let temperature, temperature.value != 1 { active.insert(.temperature) }
        if let topK, topK.value > 0 { active.insert(.topK) }
        if let topP, topP.value < 1 { active.insert(.topP) }
        if let minP, minP.value > 0 { active.insert(.minP) }
        if repetitionPenalty ?? presencePenalty ?? frequencyPenalty != nil { active.insert(.penalties) }
        return active
    }
}

extension GenerationSource {
    /// Put before a field's name in messages.
    fileprivate var prefix: String { origin == .gguf ? "\(origin.rawValue)." : "\(origin.rawValue): " }
}

extension GenerationDefaults.Setting<Float> {
    /// A share of 0 keeps the most likely token alone, as the least share above it does.
    fileprivate var aboveZero: Self { Self(max(value, .leastNormalMagnitude), from: origin) }
}

/// Which numbers a field may be.
private enum NumberRange {
    case temperature, share, positive, penalty

    func contains(_ number: Float) -> Bool {
        switch self {
        case .temperature: number >= 0
        case .share: (0...1).contains(number)
        case .positive: number > 0
        case .penalty: (-2...2).contains(number)
        }
    }

    var text: String {
        switch self {
        case .temperature: "0 or a positive number"
        case .share: "a number from 0 to 1"
        case .positive: "a positive number"
        case .penalty: "a number from -2 to 2"
        }
    }
}

extension ConfigurationReader {
    fileprivate func number(_ field: String, in range: NumberRange) throws(ConfigurationError) -> Float? {
        guard let value = value(field) else { return nil }
        guard let number = value.doubleValue.map({ Float($0) }), number.isFinite, range.contains(number) else {
            throw invalid(field, value, range.text)
        }
        return number
    }

    /// A whole number, also one that is written with a fraction of zero.
    fileprivate func wholeNumber(_ field: String, atLeast least: Int) throws(ConfigurationError) -> Int? {
        guard let value = value(field) else { return nil }
        guard let number = value.intValue ?? value.doubleValue.flatMap({ Int(exactly: $0) }),
            (least..<Self.countLimit).contains(number)
        else { throw invalid(field, value, "a whole number of at least \(least)") }
        return number
    }

    /// -1 keeps all tokens, as 0 does.
    fileprivate func topK(_ field: String) throws(ConfigurationError) -> Int? {
        try wholeNumber(field, atLeast: -1).map { max($0, 0) }
    }
}
