import JSON
import Weights

extension Checkpoint {
    /// What a user should know of what the checkpoint says and we do not act on: each one sentence.
    ///
    /// - Parameter stack: made of the checkpoint, where it was loaded.
    package func warnings(_ stack: LayerStack? = nil) -> [String] {
        var sentences = warnings
        if let warning = ModelConfiguration.warning(for: configuration) { sentences.append(warning) }
        if let field = quantizationField, packedTensorName == nil {
            sentences.append(
                "configuration: \(field) says how the weights were quantised, but they are plain: they are used as they are"
            )
        }
        if let stack, configuration["tie_word_embeddings"] == .bool(true), !stack.configuration.tiesEmbeddings {
            sentences.append(
                "configuration: tie_word_embeddings is true, but lm_head.weight differs from the embedding: it is used, as "
                    + "transformers 5 does; others may use the embedding")
        }
        return sentences
    }

    /// The configuration's field of compressed-tensors or mlx, which may stand over plain weights too.
    var quantizationField: String? {
        ["compression_config", "quantization"].first { !(configuration[$0] ?? .null).isOff }
    }
    /// The first tensor that belongs to weights packed by compressed-tensors or mlx; nil where all are plain.
    var packedTensorName: String? {
        let suffixes = [
            ".weight_packed", ".weight_scale", ".weight_zero_point", ".weight_shape", ".weight_g_idx", ".scales",
            ".biases",
        ]
        return tensorNames.first { name in suffixes.contains { name.hasSuffix($0) } }
    }
}
