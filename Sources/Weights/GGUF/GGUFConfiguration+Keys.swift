import JSON

/// Checks for keys that change the computation. Every key is applied, refused by name or named in a warning.
extension GGUFConfiguration {
    /// - Throws: `CheckpointError.unsupported` for a file that is not a complete model, and for the first key that
    ///   requires an unimplemented computation.
    func refuseOtherFunctions() throws(CheckpointError) {
        try refuseOtherFiles()
        for (name, value) in architectureKeys {
            if architecture == .qwen3moe, GGUFKeys.ofExperts.contains(name) { continue }
            guard let numbers = GGUFKeys.refused[name], !value.isOff(in: header.file),
                value.number.map({ !numbers.contains($0) }) ?? true
            else { continue }
            throw unsupported(name, value)
        }
        if try metadata.truth(key("attention.causal")) == false {
            throw metadata.unsupported(
                key("attention.causal"), "false (an embedding model) is not implemented",
                "use a checkpoint that was made to generate text")
        }
        if let activation = try metadata.text(key("hidden_activation")), !["silu", "swiglu"].contains(activation) {
            throw metadata.unsupported(
                key("hidden_activation"), "\(quoted(activation)) is not implemented", "use a checkpoint with silu")
        }
        if try metadata.truth(key("expert_weights_norm")) == false {
            throw metadata.unsupported(
                key("expert_weights_norm"), "false is not implemented", "use a checkpoint that renormalises")
        }
        try refuseOtherAttention()
    }

    /// A warning that names unknown keys, or nil.
    var warning: String? {
        let unknown = architectureKeys.filter { name, value in
            !value.isOff(in: header.file) && !GGUFKeys.read.contains(name) && !GGUFKeys.harmless.contains(name)
                && GGUFKeys.refused[name] == nil && !GGUFKeys.ofExperts.contains(name)
        }
        guard !unknown.isEmpty else { return nil }
        let shown = unknown.prefix(5).map { "\(quoted(key($0.name))) (\($0.value.summary(in: header.file)))" }
        let rest = unknown.count > shown.count ? ["\(unknown.count - shown.count) more"] : []
        return "metadata \((shown + rest).joined(separator: ", ")): unknown here and without effect; "
            + "the model may not be what its makers mean"
    }

    /// Refuses adapters, projectors and the like, which carry their model's architecture.
    private func refuseOtherFiles() throws(CheckpointError) {
        if let type = try metadata.text("general.type"), type != "model" {
            throw metadata.unsupported(
                "general.type", "\(quoted(type)): the file is no model by itself", "give the model's own .gguf file")
        }
        if let name = header.metadata.keys.filter({ $0.hasPrefix("adapter.") }).min() {
            throw metadata.unsupported(
                name, "adapters are not implemented", "merge the adapter into its model and use the result")
        }
    }

    private func refuseOtherAttention() throws(CheckpointError) {
        if let window = try integer("attention.sliding_window"), window != 0,
            window < (try integer("context_length")) ?? .max
        {
            throw metadata.unsupported(
                key("attention.sliding_window"), "a window of \(window) positions is not implemented",
                "use a checkpoint without it")
        }
        if let scale = try number("attention.scale"), scale != 0 {
            let width = try headWidth() ?? 0
            guard width > 0, abs(scale * Double(width).squareRoot() - 1) < 1e-4 else {
                throw metadata.unsupported(
                    key("attention.scale"), "\(scale) is not implemented",
                    "use a checkpoint whose scores are divided by the square root of the head's width")
            }
        }
    }

    /// The keys of the architecture without its prefix, in alphabetical order.
    private var architectureKeys: [(name: String, value: GGUFValue)] {
        let prefix = key("")
        return header.metadata.filter { $0.key.hasPrefix(prefix) }
            .map { (String($0.key.dropFirst(prefix.count)), $0.value) }.sorted { $0.0 < $1.0 }
    }

    private func unsupported(_ name: String, _ value: GGUFValue) -> CheckpointError {
        let isForText = !["pooling_type", "classifier.output_labels"].contains(name)
        return metadata.unsupported(
            key(name), "\(value.summary(in: header.file)) is not implemented",
            isForText ? "use a checkpoint without it" : "use a checkpoint that was made to generate text")
    }
}

extension GGUFValue {
    /// Whether this value means the same as a missing key: 0, false, empty, or an array of zeros.
    fileprivate func isOff(in file: MappedFile) -> Bool {
        switch self {
        case .int(0), .bool(false): true
        case .double(let number): number == 0
        case .string(let range): range.isEmpty
        case .array(let array):
            array.count == 0
                || file.withBytes { bytes in
                    array.type.hasFixedSize && bytes[array.range].allSatisfy { $0 == 0 }
                }
        default: false
        }
    }

    fileprivate var number: Double? {
        switch self {
        case .int(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }

    /// A short form for messages.
    fileprivate func summary(in file: MappedFile) -> String {
        switch self {
        case .int(let number): String(number)
        case .hugeInt(let number): String(number)
        case .double(let number): String(Float(number))
        case .bool(let truth): truth ? "true" : "false"
        case .string(let range): quoted(String(decoding: file.copy(range.prefix(512)), as: UTF8.self))
        case .array(let array): "an array of \(array.count) elements"
        }
    }
}

extension GGUFValueType {
    /// Whether every value of this type takes exactly `leastByteCount` bytes.
    fileprivate var hasFixedSize: Bool { self != .string && self != .array }
}
