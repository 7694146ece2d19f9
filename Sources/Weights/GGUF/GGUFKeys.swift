/// The metadata keys of an architecture, without the `llama.` or `qwen3.` prefix, by their effect on the computation.
///
/// Each key is read, harmless, refused unless its value disables the feature, or unknown. An unknown key is named in a
/// warning unless its value disables the feature. Sources: gguf-py's constants.py and llama.cpp's llama-arch.cpp.
enum GGUFKeys {
    /// Keys read and checked by `GGUFConfiguration`.
    static let read: Set<String> = [
        "context_length", "embedding_length", "block_count", "feed_forward_length", "vocab_size",
        "attention.head_count", "attention.head_count_kv", "attention.key_length", "attention.value_length",
        "attention.layer_norm_rms_epsilon", "rope.dimension_count", "rope.freq_base", "rope.scale_linear",
        "rope.scaling.type", "rope.scaling.factor", "rope.scaling.attn_factor", "rope.scaling.original_context_length",
        "rope.scaling.yarn_log_multiplier", "rope.scaling.yarn_ext_factor", "rope.scaling.yarn_attn_factor",
        "rope.scaling.yarn_beta_fast", "rope.scaling.yarn_beta_slow", "attention.sliding_window", "attention.scale",
        "attention.causal", "hidden_activation",
    ]

    /// Keys of sparse models, read for `qwen3moe` and refused for other architectures.
    static let ofExperts: Set<String> = [
        "expert_count", "expert_used_count", "expert_feed_forward_length", "expert_weights_norm",
    ]

    /// Keys that describe the file, or detail features that other keys enable.
    static let harmless: Set<String> = [
        // Meta's row order of q and k, as in every Llama file.
        "tensor_data_layout",
        // For LayerNorm, which neither architecture uses.
        "attention.layer_norm_epsilon",
        "rope.scaling.finetuned",
    ]

    /// Keys that require an unimplemented computation, with the values that do not, besides 0, false and empty.
    static let refused: [String: Set<Double>] = [
        "attention.max_alibi_bias": [], "attention.clamp_kqv": [], "attention.sliding_window_pattern": [],
        "attention.output_scale": [1], "attention.temperature_length": [], "attention.temperature_scale": [],
        "attention.shared_kv_layers": [], "attention.q_lora_rank": [], "attention.kv_lora_rank": [],
        "attention.key_length_mla": [], "attention.value_length_mla": [], "attention.relative_buckets_count": [],
        "attn_logit_softcapping": [], "final_logit_softcapping": [], "router_logit_softcapping": [],
        "logit_scale": [1], "residual_scale": [1], "embedding_scale": [1],
        "rope.dimension_sections": [], "rope.scaling.alpha": [],
        "expert_count": [], "expert_used_count": [], "expert_shared_count": [], "expert_feed_forward_length": [],
        "expert_shared_feed_forward_length": [], "expert_weights_norm": [], "expert_weights_scale": [1],
        // Softmax is gating function 1.
        "expert_gating_func": [1], "expert_group_count": [1], "expert_group_used_count": [1],
        "leading_dense_block_count": [], "interleave_moe_layer_step": [],
        "moe_every_n_layers": [], "nextn_predict_layers": [], "n_deepstack_layers": [], "use_parallel_residual": [],
        "full_attention_interval": [], "embedding_length_per_layer_input": [], "decoder_block_count": [],
        "swin_norm": [], "rescale_every_n_layers": [],
        // Embedding models and rerankers.
        "pooling_type": [], "classifier.output_labels": [],
    ]
}
