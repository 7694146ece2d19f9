import Models

extension GenerationOptions {
    /// These options, with a model's defaults in place of nil.
    package func filled(from defaults: GenerationDefaults) -> GenerationOptions {
        var options = self
        options.sampling = sampling.filled(from: defaults)
        if maximumTokens == nil {
            options.maximumTokens = defaults.maximumTokens?.value
            options.maximumLength = defaults.maximumLength?.value
        }
        return options
    }

    /// Maximum number of tokens to generate after a prompt of `promptCount` tokens.
    func tokenLimit(promptCount: Int, contextLength: Int) -> Int {
        let limit = maximumTokens ?? contextLength
        return maximumLength.map { min(max($0 - promptCount, 0), limit) } ?? limit
    }
}

extension SamplingParameters {
    /// These parameters, with a model's defaults in place of nil.
    package func filled(from defaults: GenerationDefaults) -> SamplingParameters {
        SamplingParameters(
            temperature: temperature ?? defaults.temperature?.value, topK: topK ?? defaults.topK?.value,
            topP: topP ?? defaults.topP?.value, minP: minP ?? defaults.minP?.value,
            repetitionPenalty: repetitionPenalty ?? defaults.repetitionPenalty?.value,
            repetitionWindow: repetitionWindow ?? defaults.repetitionWindow?.value,
            presencePenalty: presencePenalty ?? defaults.presencePenalty?.value,
            frequencyPenalty: frequencyPenalty ?? defaults.frequencyPenalty?.value, seed: seed)
    }
}
