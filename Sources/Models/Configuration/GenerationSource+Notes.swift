import JSON
import Weights

extension GenerationSource {
    /// One sentence about fields that are not implemented, and one about unknown fields.
    ///
    /// - Parameter samples: whether tokens are sampled; some fields count only then.
    func notes(samples: Bool) -> [String] {
        let unimplemented = fields.filter { isUnimplemented($0.name, $0.value, samples: samples) }
        // Most fields of a model's configuration do not concern generation.
        let unknown = origin == .configuration ? [] : fields.filter { !isKnown($0.name) }
        var notes: [String] = []
        if !unimplemented.isEmpty {
            let list = unimplemented.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
            notes.append("\(origin.rawValue) asks for \(list), not implemented: generation goes on without")
        }
        if !unknown.isEmpty {
            let list = unknown.map { quoted($0.name) }.joined(separator: ", ")
            notes.append("\(origin.rawValue) has fields that volley does not know: \(list)")
        }
        return notes
    }

    private func isUnimplemented(_ name: String, _ value: JSONValue, samples: Bool) -> Bool {
        guard !value.isNull else { return false }
        if !samples, Self.drawingFields.contains(name) { return false }
        guard let harmless = (origin == .gguf ? Self.metadataFields : Self.fileFields)[name] else { return false }
        return !harmless.allows(value)
    }

    private func isKnown(_ name: String) -> Bool {
        origin == .gguf
            ? Self.readMetadata.contains(name) || Self.metadataFields[name] != nil
            : Self.readFields.contains(name) || Self.harmlessFields.contains(name) || Self.fileFields[name] != nil
                || name.hasPrefix("_")
    }

    /// The values of a field that have no effect.
    private enum Harmless {
        case number(Double)
        case atMost(Double)
        case falsehood
        /// An empty list or object.
        case emptiness
        case nothing

        func allows(_ value: JSONValue) -> Bool {
            switch self {
            case .number(let number): value.doubleValue == number
            case .atMost(let limit): value.doubleValue.map { $0 <= limit } ?? false
            case .falsehood: value == .bool(false)
            case .emptiness: value.arrayValue?.isEmpty ?? value.objectValue?.isEmpty ?? false
            case .nothing: false
            }
        }
    }

    /// Fields that `GenerationDefaults` reads.
    private static let readFields: Set<String> = [
        "do_sample", "temperature", "top_k", "top_p", "min_p", "repetition_penalty", "presence_penalty",
        "frequency_penalty", "max_new_tokens", "max_length", "eos_token_id",
    ]
    private static let readMetadata: Set<String> = [
        "temp", "top_k", "top_p", "min_p", "penalty_repeat", "penalty_present", "penalty_freq", "penalty_last_n",
        "sequence",
    ]

    /// Fields that transformers uses only when it samples.
    private static let drawingFields: Set<String> = ["typical_p", "epsilon_cutoff", "eta_cutoff", "top_h"]

    /// Fields of transformers' `GenerationConfig` that change the text, each with the values that do not.
    private static let fileFields: [String: Harmless] = [
        "num_beams": .atMost(1), "num_beam_groups": .atMost(1), "num_return_sequences": .atMost(1),
        "diversity_penalty": .number(0), "penalty_alpha": .number(0), "constraints": .emptiness,
        "force_words_ids": .emptiness, "dola_layers": .nothing,
        "typical_p": .number(1), "epsilon_cutoff": .number(0), "eta_cutoff": .number(0), "top_h": .nothing,
        "no_repeat_ngram_size": .atMost(0), "encoder_no_repeat_ngram_size": .atMost(0),
        "encoder_repetition_penalty": .number(1), "bad_words_ids": .emptiness, "sequence_bias": .emptiness,
        "suppress_tokens": .emptiness, "begin_suppress_tokens": .emptiness, "forced_bos_token_id": .nothing,
        "forced_eos_token_id": .nothing, "forced_decoder_ids": .emptiness, "exponential_decay_length_penalty": .nothing,
        "guidance_scale": .number(1), "watermarking_config": .nothing, "min_length": .atMost(0),
        "min_new_tokens": .atMost(0), "max_time": .nothing, "stop_strings": .emptiness, "token_healing": .falsehood,
    ]

    /// GGUF keys that are not read, each with the values that have no effect.
    private static let metadataFields: [String: Harmless] = [
        "mirostat": .number(0), "mirostat_tau": .atMost(.infinity), "mirostat_eta": .atMost(.infinity),
        "xtc_probability": .atMost(0), "xtc_threshold": .atMost(.infinity),
    ]

    /// Fields that do not change transformers' text, or only together with one of `fileFields`.
    private static let harmlessFields: Set<String> = [
        "bos_token_id", "pad_token_id", "decoder_start_token_id", "sep_token_id", "transformers_version", "use_cache",
        "cache_implementation", "cache_config", "return_legacy_cache", "return_dict_in_generate", "output_attentions",
        "output_hidden_states", "output_scores", "output_logits", "prefill_chunk_size", "compile_config",
        "disable_compile", "low_memory", "early_stopping", "length_penalty", "renormalize_logits",
        "remove_invalid_values", "is_assistant", "num_assistant_tokens", "num_assistant_tokens_schedule",
        "assistant_confidence_threshold", "assistant_early_exit", "assistant_lookbehind", "target_lookbehind",
        "prompt_lookup_num_tokens", "max_matching_ngram_size", "generation_kwargs", "continuous_batching_config",
        "trust_remote_code", "max_cache_len", "use_mtp", "assistant_ensemble_weight", "speculation_type",
    ]
}
