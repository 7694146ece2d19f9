import JSON
import Foundation
import Models
import TestSupport
import Testing
import Weights

/// The values that are read from a configuration, and the fields that are refused.
@Suite struct ModelConfigurationTests {
    @Test func readsTheGoldenQwen3() throws {
        let configuration = try golden("qwen3-untied-bf16-sharded")
        #expect((configuration.architecture, configuration.modelType) == (.qwen3, "qwen3"))
        #expect((configuration.layerCount, configuration.hiddenSize) == (14, 48))
        #expect((configuration.headCount, configuration.keyValueHeadCount, configuration.headWidth) == (6, 2, 24))
        #expect((configuration.feedForwardSize, configuration.vocabularySize) == (128, 320))
        #expect((configuration.contextLength, configuration.normEpsilon) == (4096, 1e-6))
        #expect(configuration.rope == RopeConfiguration(theta: 1e6, scaling: .none, headWidth: 24))
        #expect(!configuration.tiesEmbeddings)
        #expect((configuration.beginToken, configuration.endTokens) == (nil, [2]))
        #expect((configuration.trunkLayerCount, configuration.headLayerCount) == (6, 8))
        #expect(configuration.trainedFactor == 4)
        #expect((configuration.rule.phase, configuration.rule.promptInput) == (.prompt, .sum))
    }

    @Test func readsTheGoldenLlama() throws {
        let configuration = try golden("llama-ropescaled")
        #expect((configuration.architecture, configuration.keyValueHeadCount) == (.llama, 1))
        #expect(configuration.tiesEmbeddings)
        let scaling = RopeConfiguration.Scaling.llama3(
            factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 32)
        #expect(configuration.rope == RopeConfiguration(theta: 500000, scaling: scaling, headWidth: 16))
        #expect((configuration.trunkLayerCount, configuration.headLayerCount) == (3, 8))
    }

    @Test(arguments: [("llama.gguf", ModelConfiguration.Architecture.llama), ("qwen3.gguf", .qwen3)])
    func readsGGUFMetadata(_ name: String, _ architecture: ModelConfiguration.Architecture) throws {
        let checkpoint = try Checkpoint.open(Goldens.url("weights/\(name)").path())
        let configuration = try ModelConfiguration(checkpoint.configuration)
        #expect(configuration.architecture == architecture)
        #expect((configuration.headCount, configuration.keyValueHeadCount, configuration.headWidth) == (4, 2, 16))
        #expect((configuration.vocabularySize, configuration.endTokens) == (12, [10, 11]))
        #expect(configuration.normEpsilon == 1e-5)
        #expect((configuration.trainedFactor, configuration.rule) == (nil, .prompt))
        #expect(!configuration.canRunCycles)
    }

    @Test(arguments: ["qwen3", "dmtdqwen3", "mtpqwen3"])
    func everyNameOfQwen3(_ modelType: String) throws {
        let configuration = try ModelConfiguration(fields(["model_type": .string(modelType)]))
        #expect((configuration.architecture, configuration.modelType) == (.qwen3, modelType))
    }

    @Test func absentFieldsMeanWhatTransformersMeans() throws {
        var fields = Self.llama
        for field in ["num_key_value_heads", "head_dim", "max_position_embeddings", "rms_norm_eps", "rope_theta"] {
            fields[field] = nil
        }
        fields["eos_token_id"] = .null
        let llama = try ModelConfiguration(.object(fields))
        #expect((llama.keyValueHeadCount, llama.headWidth, llama.contextLength) == (8, 16, 2048))
        #expect((llama.normEpsilon, llama.rope.theta, llama.endTokens) == (1e-6, 10000, []))
        fields["model_type"] = "qwen3"
        let qwen3 = try ModelConfiguration(.object(fields))
        #expect((qwen3.headWidth, qwen3.contextLength) == (128, 32768))
    }

    @Test func endTokensMayBeOneOrMany() throws {
        #expect(try ModelConfiguration(fields(["eos_token_id": .int(7)])).endTokens == [7])
        #expect(try ModelConfiguration(fields(["eos_token_id": .array([.int(7), .int(9)])])).endTokens == [7, 9])
        #expect(
            refusal(["eos_token_id": "x"])
                == "configuration: eos_token_id is 'x', but must be a token id or a list of token ids" + Self.correct)
    }

    @Test func withoutFieldsTheHeadIsTheLastEightLayers() throws {
        let configuration = try ModelConfiguration(fields([:]))
        #expect((configuration.trunkLayerCount, configuration.headLayerCount) == (4, 8))
        #expect(configuration.canRunCycles)
        #expect(configuration.rule == .prompt)
    }

    @Test(arguments: [1, 7, 8])
    func aShallowModelIsAllHead(_ layerCount: Int) throws {
        let configuration = try ModelConfiguration(fields(["num_hidden_layers": .int(layerCount)]))
        #expect((configuration.trunkLayerCount, configuration.headLayerCount) == (0, layerCount))
        #expect(throws: ConfigurationError.noTrunk(layerCount: layerCount)) { try configuration.checkSplit() }
    }

    @Test func fieldsNameTheSplitInBothGenerations() throws {
        let older = try ModelConfiguration(
            fields(["num_thinking_layers": .int(9), "num_decoding_layers": .int(3), "mtp_horizon": .int(6)]))
        #expect((older.trunkLayerCount, older.headLayerCount) == (9, 3))
        #expect((older.trainedFactor, older.rule.promptInput) == (6, .sum))
        let newer = try ModelConfiguration(
            fields([
                "num_parallel_layers": .int(10), "num_sequential_layers": .int(2), "dmtd_block_attention": "none",
            ]))
        #expect((newer.trunkLayerCount, newer.headLayerCount, newer.rule) == (10, 2, .prompt))
        #expect(try ModelConfiguration(fields(["num_decoding_layers": .int(3)])).trunkLayerCount == 9)
        #expect(try ModelConfiguration(fields(["num_thinking_layers": .int(3)])).headLayerCount == 9)
    }

    @Test func aSplitThatDoesNotAddUpIsRefusedWithItsNumbers() {
        #expect(
            refusal(["num_thinking_layers": .int(4), "num_decoding_layers": .int(9)])
                == "configuration: num_thinking_layers 4 + num_decoding_layers 9 is not num_hidden_layers 12"
                + Self.correct)
        #expect(
            refusal(["num_sequential_layers": .int(13), "dmtd_block_attention": "none"])
                == "configuration: num_sequential_layers 13 does not leave a trunk and a head in num_hidden_layers 12"
                + Self.correct)
        #expect(
            refusal(["num_thinking_layers": .int(12)])
                == "configuration: num_thinking_layers 12 does not leave a trunk and a head in num_hidden_layers 12"
                + Self.correct)
        #expect(
            refusal(["num_thinking_layers": .int(4), "num_parallel_layers": .int(5)])
                == "configuration: num_thinking_layers is 4, but num_parallel_layers is 5" + Self.correct)
    }

    @Test func headLayersReplaceTheSplit() throws {
        let trained = fields(["num_thinking_layers": .int(4), "num_decoding_layers": .int(8)])
        for head in 1...11 {
            let configuration = try ModelConfiguration(trained, headLayers: head)
            #expect((configuration.trunkLayerCount, configuration.headLayerCount) == (12 - head, head))
        }
        for head in [-1, 0, 12, .max] {
            #expect(throws: ConfigurationError.headLayersOutOfRange(requested: head, layerCount: 12)) {
                try ModelConfiguration(trained, headLayers: head)
            }
        }
        #expect(
            "\(ConfigurationError.headLayersOutOfRange(requested: 12, layerCount: 12))"
                == "head layers: 12 is out of range; choose 1 to 11, as the model has 12 layers")
    }

    @Test(arguments: ["qwen2_moe", "qwen2", "mistral", "gemma3_text", "Llama", ""])
    func otherArchitecturesAreRefusedByName(_ modelType: String) {
        #expect(
            refusal(["model_type": .string(modelType)])
                == "configuration: model_type '\(modelType)' is not implemented; "
                + "use a checkpoint of type qwen3, qwen3_moe, dmtdqwen3, mtpqwen3, ddqwen3, llama or ddllama")
    }

    private static let unimplemented: [(String, JSONValue, String)] = [
        ("attention_bias", .bool(true), "attention_bias true"),
        ("mlp_bias", .bool(true), "mlp_bias true"),
        ("use_sliding_window", .bool(true), "use_sliding_window true"),
        ("rope_interleaved", .bool(true), "rope_interleaved true"),
        ("hidden_act", "gelu", "hidden_act 'gelu'"),
        ("quantization_config", .object([:]), "quantization_config an object of 0 fields"),
        ("partial_rotary_factor", .double(0.5), "partial_rotary_factor 0.5"),
        ("num_experts", .int(8), "num_experts 8"),
        ("layer_types", .array(["full_attention", "sliding_attention"]), "layer_types 'sliding_attention'"),
        ("num_encoding_layers", .int(2), "num_encoding_layers 2"),
        ("dmtd_block_attention", "causal", "dmtd_block_attention 'causal'"),
        ("rope_scaling", .object(["rope_type": "su", "factor": .int(4)]), "rope_scaling.rope_type 'su'"),
        (
            "rope_scaling", .object(["rope_type": "default", "mrope_section": .array([.int(1)])]),
            "rope_scaling.mrope_section an array of 1 elements"
        ),
        (
            "rope_scaling", .object(["rope_type": "linear", "factor": .int(4), "attention_factor": .double(1.5)]),
            "rope_scaling.attention_factor 1.5"
        ),
        ("architectures", .array(["LlamaForSequenceClassification"]), "architectures 'LlamaForSequenceClassification'"),
        ("logit_scale", .double(0.5), "logit_scale 0.5"), ("is_causal", .bool(false), "is_causal false"),
        ("use_rope", .bool(false), "use_rope false"), ("sliding_window", .int(1024), "sliding_window 1024"),
        ("use_qk_norm", .bool(true), "use_qk_norm true"), ("qkv_bias", .bool(true), "qkv_bias true"),
        ("no_rope_layers", .array([.int(1), .int(0)]), "no_rope_layers an array of 2 elements"),
        ("attn_logit_softcapping", .double(50), "attn_logit_softcapping 50.0"),
        ("num_nextn_predict_layers", .int(1), "num_nextn_predict_layers 1"),
        ("vision_config", .object(["depth": .int(2)]), "vision_config an object of 1 fields"),
        ("dmtd_gate", "open", "dmtd_gate 'open'"),
        ("rope_scaling", .object(["type": "dynamic", "factor": .int(4)]), "rope_scaling.type 'dynamic'"),
        ("rope_parameters", .object(["rope_type": "longrope"]), "rope_parameters.rope_type 'longrope'"),
        (
            "rope_parameters", .object(["full_attention": .object(["rope_type": "default"])]),
            "rope_parameters of several kinds of layer"
        ),
        (
            "rope_parameters", .object(["rope_type": "default", "partial_rotary_factor": .double(0.25)]),
            "rope_parameters.partial_rotary_factor 0.25"
        ),
    ]

    @Test(arguments: unimplemented)
    func otherFunctionsAreRefusedByName(_ field: String, _ value: JSONValue, _ named: String) {
        let message = refusal([field: value])
        #expect(message?.hasPrefix("configuration: \(named) is not implemented; ") == true, "\(message ?? "accepted")")
    }

    @Test func harmlessFormsOfTheSameFieldsAreAccepted() throws {
        let harmless: JSONObject = [
            "attention_bias": .bool(false), "use_sliding_window": .bool(false), "sliding_window": .int(4096),
            "hidden_act": "silu", "quantization_config": .null, "partial_rotary_factor": .int(1),
            "num_encoding_layers": .int(0), "dmtd_block_attention": "none", "dmtd_history_mode": "shadow",
            "mask_token_id": .int(5), "layer_types": .array(["full_attention"]), "rope_scaling": .null,
            "something_new": .object(["x": .null]),
        ]
        _ = try ModelConfiguration(fields(harmless))
        _ = try ModelConfiguration(fields(["dmtd_history_mode": "real"]))
    }

    @Test func harmlessFieldsOfPublishedFilesSayNothing() throws {
        let published: JSONObject = [
            "_name_or_path": "a/b", "architectures": .array(["LlamaForCausalLM"]), "attention_dropout": .double(0.1),
            "dtype": "bfloat16", "torch_dtype": "bfloat16", "transformers_version": "5.24.0", "use_cache": .bool(true),
            "initializer_range": .double(0.02), "pretraining_tp": .int(2), "max_window_layers": .int(28),
            "pad_token_id": .int(7), "unsloth_fixed": .bool(true), "is_llama_config": .bool(true),
            "temperature": .int(1),
            "id2label": .object(["0": "LABEL_0"]), "transformers.js_config": .object(["kv_cache_dtype": .int(1)]),
            "residual_multiplier": .double(1), "use_qk_norm": .bool(false), "qkv_bias": .bool(false),
            "sliding_window": .int(4096), "a_new_feature": .bool(false), "another": .double(0), "a_third": "",
        ]
        _ = try ModelConfiguration(fields(published))
        #expect(ModelConfiguration.warning(for: fields(published)) == nil)
    }

    @Test func unknownFieldsThatSaySomethingAreNamedInOneSentence() throws {
        let unknown: JSONObject = [
            "gate_power": .int(2), "mixer": "wave", "auto_map": .object(["AutoModel": "x.Y"]), "fourth": .bool(true),
            "fifth": .double(0.5), "sixth": .array([.int(0)]),
        ]
        _ = try ModelConfiguration(fields(unknown))
        #expect(
            ModelConfiguration.warning(for: fields(unknown))
                == "configuration: 'gate_power' (2), 'mixer' ('wave'), 'auto_map' (an object of 1 fields), 'fourth' (true), "
                + "'fifth' (0.5), 1 more: unknown here and without effect; the model may not be what its makers mean")
        let ours: JSONObject = ["model_type": "ddllama", "auto_map": .object(["AutoModel": "x.Y"])]
        #expect(ModelConfiguration.warning(for: fields(ours)) == nil)
    }

    private static let impossible: [(String, JSONValue, String)] = [
        ("hidden_size", .int(0), "hidden_size is 0, but must be a whole number from 1 to 2147483647"),
        ("hidden_size", .int(-64), "hidden_size is -64, but must be a whole number from 1 to 2147483647"),
        ("hidden_size", .double(64), "hidden_size is 64.0, but must be a whole number from 1 to 2147483647"),
        ("vocab_size", .int(1 << 31), "vocab_size is 2147483648, but must be a whole number from 1 to 2147483647"),
        ("num_hidden_layers", .int(100_000), "num_hidden_layers is 100000, but must be a whole number from 1 to 4096"),
        ("head_dim", .int(15), "head_dim is 15, but must be an even number of at least 2"),
        ("num_attention_heads", "8", "num_attention_heads is '8', but must be a whole number from 1 to 2147483647"),
        ("num_key_value_heads", .int(3), "num_attention_heads 8 is not a multiple of num_key_value_heads 3"),
        ("num_attention_heads", .int(1 << 30), "num_attention_heads 1073741824 times head_dim 16 is 2^31 or more"),
        (
            "rms_norm_eps", .double(-1),
            "rms_norm_eps is -1.0, but must be a number above 0 that a 32-bit float can hold"
        ),
        (
            "rms_norm_eps", .double(1e-60),
            "rms_norm_eps is 1e-60, but must be a number above 0 that a 32-bit float can hold"
        ),
        ("rope_theta", .double(1e60), "rope_theta is 1e+60, but must be a number above 0 that a 32-bit float can hold"),
        ("tie_word_embeddings", .int(1), "tie_word_embeddings is 1, but must be true or false"),
        ("mtp_horizon", .int(0), "mtp_horizon is 0, but must be a whole number from 1 to 2147483647"),
        ("rope_scaling", .array([]), "rope_scaling is an array of 0 elements, but must be an object"),
        (
            "rope_scaling", .object(["rope_type": "linear", "factor": .int(0)]),
            "rope_scaling.factor is 0, but must be a number above 0 that a 32-bit float can hold"
        ),
    ]

    @Test(arguments: impossible)
    func impossibleNumbersAreRefused(_ field: String, _ value: JSONValue, _ text: String) {
        #expect(refusal([field: value]) == "configuration: " + text + Self.correct)
    }

    @Test func matricesBeyondReasonAreRefused() {
        #expect(
            refusal(["vocab_size": .int(1 << 30), "hidden_size": .int(1 << 20)])
                == "configuration: vocab_size 1073741824 times hidden_size 1048576 is more than 2^40 values"
                + Self.correct)
    }

    @Test(arguments: [
        "model_type", "hidden_size", "num_attention_heads", "intermediate_size", "vocab_size", "num_hidden_layers",
    ])
    func missingFieldsAreNamed(_ field: String) {
        #expect(
            refusal([field: .null])
                == "configuration: \(field) is missing; the checkpoint's configuration is incomplete: download it again"
        )
    }

    @Test func aConfigurationThatIsNoObject() {
        #expect(
            message { _ = try ModelConfiguration(.array([])) }
                == "configuration: the whole file is an array of 0 elements, but must be an object" + Self.correct)
    }

    private static let correct = "; correct the checkpoint's configuration or download it again"

    private static let llama: JSONObject = [
        "model_type": "llama", "hidden_size": .int(128), "num_hidden_layers": .int(12),
        "num_attention_heads": .int(8), "num_key_value_heads": .int(2), "head_dim": .int(16),
        "intermediate_size": .int(256), "vocab_size": .int(320), "max_position_embeddings": .int(4096),
        "rms_norm_eps": .double(1e-5), "rope_theta": .double(10000),
    ]

    private func golden(_ name: String) throws -> ModelConfiguration {
        try ModelConfiguration(Checkpoint.open(Goldens.url("dmtd/\(name)").path()).configuration)
    }

    /// A valid Llama configuration with some fields changed.
    private func fields(_ changes: JSONObject) -> JSONValue {
        .object(changes.reduce(into: Self.llama) { $0[$1.name] = $1.value })
    }

    private func refusal(_ changes: JSONObject) -> String? {
        message { _ = try ModelConfiguration(fields(changes)) }
    }

    private func message(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return "\(error)"
        }
    }
}
