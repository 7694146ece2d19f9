import JSON
import Weights

extension ConfigurationReader {
    /// Refuses by name the fields of `ConfigurationFields.refused` whose values change the forward pass.
    func refuseOtherFunctions(
        _ architecture: ModelConfiguration.Architecture, isSparse: Bool
    ) throws(ConfigurationError) {
        let refused = ConfigurationFields.refused(architecture)
        for (field, value) in fields {
            // An unknown `dmtd_` field means a variant that was trained, and so must be decoded, differently.
            let isUnknownVariant = field.hasPrefix("dmtd_") && !ConfigurationFields.read.contains(field)
            if isSparse, ExpertConfiguration.fields.contains(field) { continue }
            guard let neutral = isUnknownVariant ? .off : refused[field], !neutral.includes(value) else { continue }
            throw unsupported(field, "use a checkpoint without it")
        }
        // Qwen3's window is off unless use_sliding_window says otherwise. Llama has no such switch.
        if architecture == .llama, value("use_sliding_window") == nil, let window = try count("sliding_window"),
            window < (try count("max_position_embeddings") ?? architecture.defaultContextLength)
        {
            throw unsupported("sliding_window", "use a checkpoint without it")
        }
    }

    /// Refuses heads for other tasks, which give no next token. `architectures` names the class of the weights.
    func refuseOtherTasks() throws(ConfigurationError) {
        guard let value = value("architectures") else { return }
        guard let names = value.arrayValue else { throw invalid("architectures", value, "a list of strings") }
        let suffixes = [
            "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering", "ForMultipleChoice",
            "ForConditionalGeneration", "ForMaskedLM", "RewardModel", "EmbeddingModel",
        ]
        for name in names where suffixes.contains(where: { name.stringValue?.hasSuffix($0) ?? false }) {
            throw .unsupported(
                field: "architectures", value: "\(name)", remedy: "use a checkpoint that was made to generate text")
        }
    }
}

extension ModelConfiguration {
    /// A warning that names the unknown fields of `configuration`; nil if there are none.
    package static func warning(for configuration: JSONValue) -> String? {
        let fields = configuration.objectValue ?? [:]
        let refused = ConfigurationFields.refused(.qwen3).merging(ConfigurationFields.refused(.llama)) { first, _ in
            first
        }
        let unknown = fields.filter { field in
            !field.value.isOff && refused[field.name] == nil && !ConfigurationFields.read.contains(field.name)
                && !ConfigurationFields.harmless.contains(field.name)
                && !(field.name == "auto_map"
                    && ConfigurationFields.typesWithCode.contains(fields["model_type"]?.stringValue ?? ""))
        }
        guard !unknown.isEmpty else { return nil }
        let shown = unknown.prefix(shownFieldCount).map { "\(quoted($0.name)) (\($0.value))" }
        let rest = unknown.count > shown.count ? ["\(unknown.count - shown.count) more"] : []
        return "configuration: \((shown + rest).joined(separator: ", ")): unknown here and without effect; "
            + "the model may not be what its makers mean"
    }

    private static var shownFieldCount: Int { 5 }
}
