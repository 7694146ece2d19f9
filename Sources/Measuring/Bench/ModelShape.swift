import JSON
import Models

/// The shape of a known model, to be filled with random weights.
package struct ModelShape: Sendable {
    /// The name for `--shape`.
    package let name: String
    let fields: JSONObject

    /// The shapes of the models' own config.json files.
    package static let all = [
        qwen3("0.6b", hidden: 1024, layers: 28, heads: 16, feedForward: 3072),
        qwen3("1.7b", hidden: 2048, layers: 28, heads: 16, feedForward: 6144),
        qwen3("4b", hidden: 2560, layers: 36, heads: 32, feedForward: 9728),
        qwen3("8b", hidden: 4096, layers: 36, heads: 32, feedForward: 12288, isTied: false),
        ModelShape(
            name: "smollm2-135m",
            fields: [
                "model_type": "llama", "hidden_size": .int(576), "num_hidden_layers": .int(30),
                "num_attention_heads": .int(9), "num_key_value_heads": .int(3), "head_dim": .int(64),
                "intermediate_size": .int(1536), "vocab_size": .int(49152), "max_position_embeddings": .int(8192),
                "rms_norm_eps": .double(1e-5), "rope_theta": .int(100_000), "tie_word_embeddings": .bool(true),
            ]),
    ]

    /// The shape of this name; nil if there is none.
    package init?(_ name: String) {
        guard let shape = Self.all.first(where: { $0.name == name }) else { return nil }
        self = shape
    }

    private init(name: String, fields: JSONObject) {
        self.name = name
        self.fields = fields
    }

    func configuration(headLayers: Int?) throws -> ModelConfiguration {
        try ModelConfiguration(.object(fields), headLayers: headLayers)
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
