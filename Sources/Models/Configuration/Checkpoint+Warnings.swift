import JSON
import Weights

extension Checkpoint {
    /// Warnings about fields of the checkpoint that have no effect here, one sentence each.
    ///
    /// - Parameter stack: the layers loaded from the checkpoint, if they were.
    package func warnings(_ stack: LayerStack? = nil) -> [String] {
        var sentences = warnings
        guard parts.contains(.model) else { return sentences }
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

    /// The quantisation field of compressed-tensors or mlx, if the configuration has one. The weights may be plain all the same.
    var quantizationField: String? {
        ["compression_config", "quantization"].first { !(configuration[$0] ?? .null).isOff }
    }
    /// The first tensor that compressed-tensors or mlx has packed; nil if all weights are plain.
    var packedTensorName: String? {
        let suffixes = [
            ".weight_packed", ".weight_scale", ".weight_zero_point", ".weight_shape", ".weight_g_idx", ".scales",
            ".biases",
        ]
        return tensorNames.first { name in suffixes.contains { name.hasSuffix($0) } }
    }
}
