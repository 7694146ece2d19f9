import JSON
import Weights

extension GenerationDefaults {
    /// Reads `general.sampling.*`. A file that names a sampler but no temperature samples at 1, as the
    /// `generation_config.json` from which such keys are made does.
    mutating func takeMetadata(
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

    /// Switches off the samplers that the sequence leaves out.
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
