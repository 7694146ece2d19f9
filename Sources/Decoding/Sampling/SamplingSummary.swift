import Models

/// The sampling parameters in effect and the origin of each, as text and for JSON.
package struct SamplingSummary: Sendable {
    /// A parameter that has an effect.
    package struct Entry: Sendable {
        /// The parameter's JSON key.
        package let name: String
        /// The parameter's name in text.
        let label: String
        package let value: Double
        package let origin: String
    }

    /// The temperature, and the other parameters that have an effect.
    package let entries: [Entry]

    /// - Parameters:
    ///   - asked: the caller's parameters.
    ///   - caller: the origin to show for the caller's parameters.
    package init(
        _ defaults: GenerationDefaults, asked: SamplingParameters = SamplingParameters(), caller: String = "options"
    ) {
        var entries: [Entry] = []
        func add(
            _ name: String, _ label: String, _ asked: Float?, _ setting: GenerationDefaults.Setting<Float>?,
            idle: Float?
        ) {
            let value = asked ?? setting?.value ?? idle ?? 0
            guard value != idle else { return }
            let origin = asked == nil ? setting?.origin ?? "volley's default" : caller
            // The shortest decimal: 0.6, not 0.6000000238.
            let number = Double("\(value)") ?? Double(value)
            entries.append(Entry(name: name, label: label, value: number, origin: origin))
        }
        func number(_ setting: GenerationDefaults.Setting<Int>?) -> GenerationDefaults.Setting<Float>? {
            setting.map { $0.map { Float($0) } }
        }
        add("temperature", "temperature", asked.temperature, defaults.temperature, idle: nil)
        if let first = entries.first, first.value > 0 {
            add("top_k", "top-k", asked.topK.map { Float($0) }, number(defaults.topK), idle: 0)
            add("top_p", "top-p", asked.topP, defaults.topP, idle: 1)
            add("min_p", "min-p", asked.minP, defaults.minP, idle: 0)
        }
        add("repetition_penalty", "repetition penalty", asked.repetitionPenalty, defaults.repetitionPenalty, idle: 1)
        if entries.last?.name == "repetition_penalty" {
            add(
                "repetition_window", "repetition window", asked.repetitionWindow.map { Float($0) },
                number(defaults.repetitionWindow), idle: 0)
        }
        add("presence_penalty", "presence penalty", asked.presencePenalty, defaults.presencePenalty, idle: 0)
        add("frequency_penalty", "frequency penalty", asked.frequencyPenalty, defaults.frequencyPenalty, idle: 0)
        self.entries = entries
    }

    /// The parameters as text, such as `temperature 0.6, top-k 20 (generation_config.json), top-p 0.9 (options)`.
    package var text: String {
        var parts: [String] = []
        for (index, entry) in entries.enumerated() {
            let isLast = index + 1 == entries.count || entries[index + 1].origin != entry.origin
            parts.append(entry.text + (isLast ? " (\(entry.origin))" : ""))
        }
        return parts.joined(separator: ", ")
    }
}

extension SamplingSummary.Entry {
    fileprivate var text: String {
        if name == "temperature", value == 0 { return "greedy" }
        let number = value.rounded() == value && abs(value) < 0x1p53 ? "\(Int(value))" : "\(value)"
        return "\(label) \(number)"
    }
}
