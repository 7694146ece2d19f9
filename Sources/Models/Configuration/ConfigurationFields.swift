import JSON
import Weights

/// The fields of `config.json`, by their effect on the forward pass.
///
/// Every field is in one of four classes: read by `ModelConfiguration`; harmless; refused unless its value turns the feature
/// off; or unknown. An unknown field is ignored if its value is off; otherwise a warning names it.
/// `docs/checkpoints.md` describes the rule.
enum ConfigurationFields {
    /// Fields that `ModelConfiguration` and its parts read and check.
    static let read: Set<String> = [
        "model_type", "architectures", "hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
        "head_dim", "intermediate_size", "vocab_size", "max_position_embeddings", "rms_norm_eps", "hidden_act",
        "rope_theta", "rope_scaling", "rope_parameters", "original_max_position_embeddings", "partial_rotary_factor",
        "tie_word_embeddings", "bos_token_id", "eos_token_id", "layer_types", "quantization_config",
        "num_encoding_layers", "num_thinking_layers", "num_decoding_layers", "num_parallel_layers",
        "num_sequential_layers", "sliding_window", "mtp_horizon", "dmtd_phase", "dmtd_prompt_input",
        "dmtd_history_mode", "dmtd_head_history",
        // The configuration of a head of its own for cycles, which `CycleHead` reads.
        Checkpoint.headField,
        "dmtd_block_attention", "routing_layers", "routing_method", "router_reduction_factor", "proj_reduction_factor",
        "router_order", "router_gate_mode", "router_head_bias_init",
        // Checked against the tensors by `TensorReader.refusePackedTensors`.
        "compression_config", "quantization",
    ]

    /// Fields that describe training, sampling, the file or other programs. No value of theirs changes a forward pass.
    static let harmless: Set<String> = [
        // The file.
        "transformers_version", "torch_dtype", "dtype", "_name_or_path", "name_or_path", "_commit_hash",
        "use_safetensors", "tokenizer_class", "custom_pipelines", "base_model", "license", "language",
        "unsloth_fixed", "unsloth_version", "is_llama_config", "transformers.js_config",
        // Training.
        "initializer_range", "attention_dropout", "attn_pdrop", "embd_pdrop", "resid_pdrop", "hidden_dropout",
        "hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout", "embedding_dropout",
        "pretraining_tp",
        "gradient_checkpointing", "router_aux_loss_coef", "aux_loss_alpha", "output_router_logits", "norm_topk_prob",
        "num_experts_per_tok",
        "decoder_sparse_step", "mlp_only_layers",
        "routing_capacity", "initializer_factor", "train_length", "fused_cross_entropy", "fused_norm", "fused_swiglu",
        // Sizes and special tokens of features that other fields switch on.
        "max_window_layers", "mask_token_id", "pad_token_id", "sep_token_id", "cls_token_id", "unk_token_id",
        "decoder_start_token_id", "image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id",
        "vision_token_id", "max_sequence_length", "model_max_length", "tokenizer_model_max_length",
        // How other programs run the model.
        "use_cache", "cache_implementation", "return_dict", "output_attentions", "output_hidden_states", "torchscript",
        "use_return_dict", "use_bfloat16", "tf_legacy_loss", "tie_encoder_decoder", "tie_last_hidden_states",
        "chunk_size_feed_forward", "is_decoder", "attn_implementation", "_attn_implementation",
        "_attn_implementation_autoset", "_attn_implementation_internal", "_experts_implementation",
        "experts_implementation", "use_flash_attn", "use_flash_attention", "use_kernels", "rope_theta_type",
        // Heads for other tasks; `architectures` says whether the model has one.
        "id2label", "label2id", "num_labels", "problem_type", "finetuning_task", "task_specific_params", "prefix",
        // Sampling, from before generation_config.json.
        "do_sample", "temperature", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff",
        "repetition_penalty", "length_penalty", "diversity_penalty", "num_beams", "num_beam_groups",
        "num_return_sequences",
        "max_length", "max_new_tokens", "early_stopping", "output_scores", "return_dict_in_generate",
        "remove_invalid_values", "assistant_confidence_threshold", "assistant_lookbehind", "num_assistant_tokens",
        "num_assistant_tokens_schedule", "target_lookbehind", "encoder_repetition_penalty",
    ]

    /// Model types that ship their own code, which is implemented here: their `auto_map` is harmless. For other types
    /// `auto_map` may name any function.
    static let typesWithCode: Set<String> = ["dmtdqwen3", "mtpqwen3", "ddqwen3", "ddllama"]

    /// The values of a field that do not change the forward pass.
    enum Neutral {
        /// `null`, `false`, 0, or an empty string, list or object.
        case off
        /// Every value of `off`, and those listed.
        case offOr([JSONValue])
        /// `null`, and the values listed.
        case only([JSONValue])

        func includes(_ value: JSONValue) -> Bool {
            switch self {
            case .off: value.isOff
            case .offOr(let values): value.isOff || values.contains { $0.isSameNumber(as: value) }
            case .only(let values): value.isNull || values.contains { $0.isSameNumber(as: value) }
            }
        }
    }

    /// Fields that change the forward pass, each with the values that do not.
    static func refused(_ architecture: ModelConfiguration.Architecture) -> [String: Neutral] {
        var fields = refused
        let hasHeadNorms: Neutral = architecture == .qwen3 ? .only([.bool(true)]) : .off
        for field in ["qk_norm", "use_qk_norm", "use_qk_layernorm", "qk_layernorm"] { fields[field] = hasHeadNorms }
        return fields
    }

    private static let one = Neutral.offOr([.int(1)])
    private static let isTrue = Neutral.only([.bool(true)])

    private static let refused: [String: Neutral] = [
        // Biases.
        "attention_bias": .off, "mlp_bias": .off, "qkv_bias": .off, "use_qkv_bias": .off, "use_bias": .off,
        "bias": .off,
        "add_bias_linear": .off, "add_qkv_bias": .off, "attention_out_bias": .off, "lm_head_bias": .off,
        // Feed-forward.
        "hidden_activation": .only(["silu", "swish"]), "activation_function": .only(["silu", "swish"]),
        "num_experts": .off, "num_local_experts": .off, "n_routed_experts": .off, "n_shared_experts": .off,
        "moe_num_experts": .off, "shared_expert_intermediate_size": .off, "moe_intermediate_size": .off,
        // Attention: masks and scores.
        "use_sliding_window": .off, "sliding_window_pattern": .off, "attention_chunk_size": .off, "window_size": .off,
        "attention_window_size": .off, "is_causal": isTrue, "causal": isTrue, "use_bidirectional_attention": .off,
        "bidirectional": .off, "attn_logit_softcapping": .off, "query_pre_attn_scalar": .off, "clip_qkv": .off,
        "attention_multiplier": .off, "attn_temperature_tuning": .off, "attention_sinks": .off,
        "use_attention_sinks": .off,
        "attn_output_gate": .off, "attention_output_gate": .off, "kv_lora_rank": .off, "q_lora_rank": .off,
        "v_head_dim": .off, "qk_rope_head_dim": .off, "qk_nope_head_dim": .off, "num_kv_shared_layers": .off,
        "cla_share_factor": one, "use_cla": .off, "full_attention_interval": .off, "pruned_heads": .off,
        // Positions.
        "rope_interleaved": .off, "rope_interleave": .off, "interleaved_rope": .off, "rotary_pct": one, "rope_pct": one,
        "rotary_emb_fraction": one, "rope_ratio": one, "use_rope": isTrue, "use_mrope": .off,
        "rope_local_base_freq": .off, "no_rope_layers": .off, "no_rope_layer_interval": .off,
        "nope_layer_interval": .off,
        "use_nope": .off, "alibi": .off, "use_alibi": .off,
        "position_embedding_type": .only(["rope", "rotary"]),
        // Residual stream and logits.
        "logit_scale": one, "logits_scaling": one, "lm_head_multiplier": one, "residual_multiplier": one,
        "residual_scale": one, "embedding_multiplier": one, "embedding_scale": one, "scale_emb": one,
        "scale_depth": .off,
        "scale_embedding": .off, "dim_model_base": .off, "final_logit_softcapping": .off, "logit_soft_cap": .off,
        "use_parallel_residual": .off, "parallel_attn": .off, "word_embed_proj_dim": .off,
        // Other shapes.
        "is_encoder_decoder": .off, "add_cross_attention": .off, "cross_attention_hidden_size": .off,
        "per_layer_config": .off, "block_configs": .off, "num_nextn_predict_layers": .off, "mtp_num_layers": .off,
        "mtp_num_hidden_layers": .off, "num_mtp_layers": .off, "text_config": .off, "vision_config": .off,
        "audio_config": .off,
    ]
}

extension JSONValue {
    /// Whether a field with this value counts as absent: `null`, `false`, 0, or an empty string, list or object.
    var isOff: Bool {
        switch self {
        case .null, .bool(false), .int(0), .string(""): true
        case .double(let number): number == 0
        case .array(let elements): elements.isEmpty
        case .object(let fields): fields.isEmpty
        default: false
        }
    }

    /// Whether the values are equal; numbers compare by value, so 1 equals 1.0.
    fileprivate func isSameNumber(as other: JSONValue) -> Bool {
        if let left = doubleValue, let right = other.doubleValue { return left == right }
        return self == other
    }
}
