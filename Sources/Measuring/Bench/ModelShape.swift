import JSON
import Models

/// The shape of a known model, to be filled with random weights.
package struct ModelShape: Sendable {
    /// The name for `--shape`.
    package let name: String
    private let fields: JSONObject

    /// The shapes of the models' own config.json files.
    package static let all = [
        qwen3("0.6b", hidden: 1024, layers: 28, heads: 16, feedForward: 3072),
        qwen3("1.7b", hidden: 2048, layers: 28, heads: 16, feedForward: 6144),
        qwen3("4b", hidden: 2560, layers: 36, heads: 32, feedForward: 9728),
        qwen3("8b", hidden: 4096, layers: 36, heads: 32, feedForward: 12288, isTied: false),
        qwen3("30b-a3b", hidden: 2048, layers: 48, heads: 32, feedForward: 6144, isTied: false).sparse(
            keyValueHeads: 4, experts: 128, chosen: 8, width: 768),
        ModelShape(
            name: "smollm2-135m",
            fields: [
                "model_type": "llama", "hidden_size": .int(576), "num_hidden_layers": .int(30),
                "num_attention_heads": .int(9), "num_key_value_heads": .int(3), "head_dim": .int(64),
                "intermediate_size": .int(1536), "vocab_size": .int(49152), "max_position_embeddings": .int(8192),
                "rms_norm_eps": .double(1e-5), "rope_theta": .int(100_000), "tie_word_embeddings": .bool(true),
            ]),
    ]

    /// The shape of this name, or `NAME:LAYERS` for fewer layers than it has; nil if there is none.
    package init?(_ name: String) {
        let words = name.split(separator: ":", omittingEmptySubsequences: false)
        guard let shape = Self.all.first(where: { $0.name == words[0] }) else { return nil }
        guard words.count > 1 else {
            self = shape
            return
        }
        guard words.count == 2, let layers = Int(words[1]),
            (2...(shape.fields["num_hidden_layers"]?.intValue ?? 0)).contains(layers)
        else { return nil }
        self = shape.with(name: name, ["num_hidden_layers": .int(layers)])
    }

    private init(name: String, fields: JSONObject) {
        self.name = name
        self.fields = fields
    }

    func configuration(headLayers: Int?) throws -> ModelConfiguration {
        try ModelConfiguration(.object(fields), headLayers: headLayers)
    }

    /// The same shape with experts in every layer.
    private func sparse(keyValueHeads: Int, experts: Int, chosen: Int, width: Int) -> ModelShape {
        with(
            name: name,
            [
                "model_type": "qwen3_moe", "num_key_value_heads": .int(keyValueHeads), "num_experts": .int(experts),
                "num_experts_per_tok": .int(chosen), "moe_intermediate_size": .int(width),
                "norm_topk_prob": .bool(true),
            ])
    }

    private func with(name: String, _ changes: JSONObject) -> ModelShape {
        var fields = fields
        for (field, value) in changes { fields[field] = value }
        return ModelShape(name: name, fields: fields)
    }

    private static func qwen3(
        _ size: String, hidden: Int, layers: Int, heads: Int, feedForward: Int, isTied: Bool = true
    ) -> ModelShape {
        ModelShape(
            name: "qwen3-\(size)",
            fields: [
                "model_type": "qwen3", "hidden_size": .int(hidden), "num_hidden_layers": .int(layers),
                "num_attention_heads": .int(heads), "num_key_value_heads": .int(8), "head_dim": .int(128),
                "intermediate_size": .int(feedForward), "vocab_size": .int(151_936),
                "max_position_embeddings": .int(40_960), "rms_norm_eps": .double(1e-6),
                "rope_theta": .int(1_000_000), "tie_word_embeddings": .bool(isTied),
            ])
    }
}
