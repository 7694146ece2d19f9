import JSON
import Weights

extension ConfigurationReader {
    /// Refuses by name every option that changes the forward pass in a way that is not implemented.
    func refuseUnimplemented(
        _ architecture: ModelConfiguration.Architecture, modelType: String
    ) throws(ConfigurationError) {
        let plain = "use a checkpoint without it"
        for field in ["attention_bias", "mlp_bias", "use_sliding_window", "rope_interleaved"]
        where try truth(field) ?? false {
            throw unsupported(field, plain)
        }
        try refuseOtherTasks()
        if let activation = try text("hidden_act"), !["silu", "swish"].contains(activation) {
            throw unsupported("hidden_act", "use a checkpoint with silu")
        }
        if let quantization = value("quantization_config") { throw .quantized(quantization) }
        if let rotated = try positiveNumber("partial_rotary_factor"), rotated != 1 {
            throw unsupported("partial_rotary_factor", "use a checkpoint that rotates whole heads")
        }
        let isSparse = modelType == ExpertConfiguration.modelType
        if !isSparse, let experts = try count("num_experts", in: 0...Self.countLimit - 1), experts > 0 {
            throw unsupported("num_experts", "use a dense checkpoint, or one of type \(ExpertConfiguration.modelType)")
        }
        try refuseOtherFunctions(architecture, isSparse: isSparse)
        try refuseUnimplementedAttention()
        try refuseUnimplementedCycles()
    }

    /// Refuses `layer_types` that name another attention for some layers.
    private func refuseUnimplementedAttention() throws(ConfigurationError) {
        guard let types = value("layer_types") else { return }
        guard let elements = types.arrayValue else { throw invalid("layer_types", types, "a list of strings") }
        for type in elements where type != "full_attention" {
            throw .unsupported(field: "layer_types", value: "\(type)", remedy: "use a checkpoint with full attention")
        }
    }

    /// Refuses the parallel variants of Direct Multi-Token Decoding, which have the same model type.
    private func refuseUnimplementedCycles() throws(ConfigurationError) {
        let sequential = "use a checkpoint of the sequential method"
        if let encoding = try count("num_encoding_layers", in: 0...Self.countLimit - 1), encoding > 0 {
            throw unsupported("num_encoding_layers", sequential)
        }
        if let attention = try text("dmtd_block_attention") {
            guard attention == "none" else { throw unsupported("dmtd_block_attention", sequential) }
        } else if let name = try newerSplitName() {
            // The authors' engine reads the newer names without this field as a parallel variant.
            throw .unsupported(
                field: "dmtd_block_attention", value: "causal, which \(name) without it means,", remedy: sequential)
        }
    }

    /// The newer field name of trunk or head, if the configuration has it and none of the paper's names.
    private func newerSplitName() throws(ConfigurationError) -> String? {
        guard ["num_thinking_layers", "num_decoding_layers"].allSatisfy({ value($0) == nil }) else { return nil }
        return ["num_parallel_layers", "num_sequential_layers"].first { value($0) != nil }
    }
}
