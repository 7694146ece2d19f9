import JSON

/// Translates GGUF metadata to the fields of Hugging Face's `config.json`.
///
/// Keys: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
struct GGUFConfiguration {
    let header: GGUFFile
    let metadata: GGUFMetadata
    let architecture: Architecture

    enum Architecture: String, CaseIterable {
        case llama, qwen3, qwen3moe

        /// The `model_type` in `config.json`.
        var modelType: String { self == .qwen3moe ? "qwen3_moe" : rawValue }
    }

    /// - Throws: `CheckpointError.unsupported` naming an architecture that is not implemented.
    init(_ header: GGUFFile) throws(CheckpointError) {
        self.header = header
        metadata = GGUFMetadata(header)
        let key = "general.architecture"
        guard let name = try metadata.text(key) else {
            throw .damaged(path: header.file.path, place: "metadata '\(key)'", problem: "is missing")
        }
        guard let known = Architecture(rawValue: name) else {
            throw metadata.unsupported(
                key, "the architecture \(quoted(name)) is not implemented",
                "use a checkpoint of Qwen3, Qwen3-MoE or Llama")
        }
        architecture = known
    }

    /// The fields of a `config.json`. Fields with missing metadata are left out.
    func fields() throws(CheckpointError) -> JSONObject {
        try refuseMixtureOfExperts()
        try refuseOtherFunctions()
        var fields: JSONObject = ["model_type": .string(architecture.modelType)]
        for (field, key) in Self.integerKeys { fields[field] = try integer(key).map { .int($0) } }
        fields["rms_norm_eps"] = try number("attention.layer_norm_rms_epsilon").map { .double($0) }
        fields["rope_theta"] = try number("rope.freq_base").map { .double($0) }
        fields["rope_scaling"] = try ropeScaling()
        fields["vocab_size"] = try vocabularySize().map { .int($0) }
        fields["tie_word_embeddings"] = .bool(header.tensors["output.weight"] == nil)
        fields["attention_bias"] = .bool(hasTensor(endingWith: ".bias", containing: ".attn_"))
        fields["mlp_bias"] = .bool(hasTensor(endingWith: ".bias", containing: ".ffn_"))
        fields["bos_token_id"] = try metadata.integer("tokenizer.ggml.bos_token_id").map { .int($0) }
        fields["eos_token_id"] = .array(try endTokens().map { .int($0) })
        try addHeadWidth(to: &fields)
        if architecture == .qwen3moe { try addExperts(to: &fields) }
        return fields
    }

    /// The head counts that define the row order of the q and k matrices.
    func headCounts() throws(CheckpointError) -> (query: Int, key: Int) {
        let query = try integer("attention.head_count") ?? 0
        let key = try integer("attention.head_count_kv")
        return (query, key ?? query)
    }

    private static let integerKeys = [
        "hidden_size": "embedding_length",
        "num_hidden_layers": "block_count",
        "num_attention_heads": "attention.head_count",
        "num_key_value_heads": "attention.head_count_kv",
        "intermediate_size": "feed_forward_length",
        "max_position_embeddings": "context_length",
    ]
}

extension GGUFConfiguration {
    /// Adds the head width as `head_dim` and a narrower rotated part as `partial_rotary_factor`. Refuses values whose
    /// width differs from the keys'.
    private func addHeadWidth(to fields: inout JSONObject) throws(CheckpointError) {
        let keyWidth = try integer("attention.key_length")
        let valueWidth = try integer("attention.value_length")
        let rotated = try integer("rope.dimension_count")
        if let keyWidth, let valueWidth, keyWidth != valueWidth {
            throw metadata.unsupported(
                key("attention.value_length"),
                "values \(valueWidth) wide beside keys \(keyWidth) wide are not implemented",
                "use a checkpoint whose keys and values have one width")
        }
        let width = try headWidth()
        fields["head_dim"] = width.map { .int($0) }
        if let width, let rotated, rotated != width, width > 0 {
            fields["partial_rotary_factor"] = .double(Double(rotated) / Double(width))
        }
    }

    /// The key width of a head.
    func headWidth() throws(CheckpointError) -> Int? {
        let keyWidth = try integer("attention.key_length")
        let rotated = try integer("rope.dimension_count")
        if let width = keyWidth ?? rotated { return width }
        guard let hidden = try integer("embedding_length"), let heads = try integer("attention.head_count"), heads > 0,
            hidden >= 0
        else { return nil }
        return hidden / heads
    }

    private func vocabularySize() throws(CheckpointError) -> Int? {
        if let rows = header.tensors["token_embd.weight"]?.shape.first { return rows }
        if let tokens = try metadata.elementCount("tokenizer.ggml.tokens") { return tokens }
        return try integer("vocab_size")
    }

    /// End of text, end of turn and end of message. Chat models end their answers with the second.
    private func endTokens() throws(CheckpointError) -> [Int] {
        var tokens: [Int] = []
        for name in ["eos", "eot", "eom"] {
            guard let token = try metadata.integer("tokenizer.ggml.\(name)_token_id") else { continue }
            if !tokens.contains(token) { tokens.append(token) }
        }
        return tokens
    }

    /// Adds the experts. Every layer of such a file is sparse, and its readers always renormalise.
    private func addExperts(to fields: inout JSONObject) throws(CheckpointError) {
        fields["num_experts"] = try integer("expert_count").map { .int($0) }
        fields["num_experts_per_tok"] = try integer("expert_used_count").map { .int($0) }
        let width = try integer("expert_feed_forward_length")
        fields["moe_intermediate_size"] = width.map { .int($0) }
        if fields["intermediate_size"] == nil { fields["intermediate_size"] = width.map { .int($0) } }
        fields["norm_topk_prob"] = .bool(true)
    }

    /// Refuses Mixtral, whose files name the architecture llama.
    private func refuseMixtureOfExperts() throws(CheckpointError) {
        guard architecture != .qwen3moe, let experts = try integer("expert_count"), experts > 0 else { return }
        throw metadata.unsupported(
            key("expert_count"), "a mixture of \(experts) experts is not implemented", "use a dense checkpoint")
    }

    private func hasTensor(endingWith suffix: String, containing part: String) -> Bool {
        header.tensors.keys.contains { $0.hasSuffix(suffix) && $0.contains(part) }
    }

    func key(_ name: String) -> String { "\(architecture.rawValue).\(name)" }
    func integer(_ name: String) throws(CheckpointError) -> Int? { try metadata.integer(key(name)) }
    func number(_ name: String) throws(CheckpointError) -> Double? { try metadata.number(key(name)) }
}
