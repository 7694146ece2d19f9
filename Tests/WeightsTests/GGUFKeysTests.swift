import Foundation
import JSON
import TestSupport
import Testing
import Weights

/// Every metadata key of a GGUF file is applied, refused by name or named in a warning.
struct GGUFKeysTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func open(_ keys: [(String, GGUFWriter.Value)]) throws -> Checkpoint {
        var writer = GGUFWriter.llama()
        for (key, value) in keys { writer.set(key, value) }
        return try Checkpoint.open(directory.write(writer.bytes(), "model.gguf"))
    }

    private static func text(_ text: String) -> GGUFWriter.Value { .text(Array(text.utf8)) }

    private static let refused: [(String, GGUFWriter.Value, String)] = [
        ("general.type", text("adapter"), "metadata 'general.type': 'adapter': the file is no model by itself"),
        ("general.type", text("mmproj"), "metadata 'general.type': 'mmproj'"),
        ("adapter.lora.alpha", .float32(16), "metadata 'adapter.lora.alpha': adapters are not implemented"),
        ("llama.attention.causal", .bool(0), "metadata 'llama.attention.causal': false (an embedding model)"),
        ("llama.pooling_type", .uint32(3), "metadata 'llama.pooling_type': 3 is not implemented"),
        ("llama.attention.sliding_window", .uint32(2), "a window of 2 positions is not implemented"),
        ("llama.attention.scale", .float32(0.5), "metadata 'llama.attention.scale': 0.5 is not implemented"),
        ("llama.logit_scale", .float32(0.5), "metadata 'llama.logit_scale': 0.5 is not implemented"),
        ("llama.residual_scale", .float32(0.25), "'llama.residual_scale': 0.25"),
        ("llama.embedding_scale", .float32(12), "'llama.embedding_scale': 12.0"),
        ("llama.attention.clamp_kqv", .float32(8), "'llama.attention.clamp_kqv': 8.0"),
        ("llama.attn_logit_softcapping", .float32(50), "'llama.attn_logit_softcapping': 50.0"),
        ("llama.final_logit_softcapping", .float32(30), "'llama.final_logit_softcapping': 30.0"),
        ("llama.nextn_predict_layers", .uint32(1), "'llama.nextn_predict_layers': 1"),
        ("llama.use_parallel_residual", .bool(1), "'llama.use_parallel_residual': true"),
        ("llama.rope.dimension_sections", .int32s([16, 24, 24, 0]), "'llama.rope.dimension_sections': an array"),
        ("llama.hidden_activation", text("gelu"), "'llama.hidden_activation': 'gelu' is not implemented"),
        ("llama.rope.scaling.type", text("longrope"), "the RoPE scaling 'longrope' is not implemented"),
        ("llama.rope.scaling.yarn_log_multiplier", .float32(0.1), "says nothing without YaRN"),
    ]

    @Test("keys that require an unimplemented computation are refused", arguments: refused)
    func refuses(_ key: String, _ value: GGUFWriter.Value, _ text: String) {
        let message = errorMessage { _ = try open([(key, value)]) } ?? "accepted"
        #expect(message.contains(text), "\(message)")
    }

    @Test("keys that disable a feature or only describe the file pass without a warning")
    func passes() throws {
        let harmless: [(String, GGUFWriter.Value)] = [
            ("general.type", Self.text("model")), ("general.name", Self.text("A")), ("general.tags", .texts(["x"])),
            ("general.file_type", .uint32(7)), ("general.quantization_version", .uint32(2)),
            ("general.sampling.temp", .float32(0.6)), ("quantize.imatrix.file", Self.text("x")),
            ("mradermacher.quantize_version", Self.text("2")), ("llama.vocab_size", .uint32(12)),
            ("llama.attention.causal", .bool(1)), ("llama.pooling_type", .uint32(0)),
            ("llama.attention.sliding_window", .uint32(128)), ("llama.attention.scale", .float32(0.25)),
            ("llama.logit_scale", .float32(1)), ("llama.residual_scale", .float32(0)),
            ("llama.attention.clamp_kqv", .float32(0)), ("llama.nextn_predict_layers", .uint32(0)),
            ("llama.rope.dimension_sections", .int32s([0, 0, 0, 0])), ("llama.hidden_activation", Self.text("silu")),
            ("llama.rope.scaling.attn_factor", .float32(1)), ("llama.rope.scaling.finetuned", .bool(1)),
            ("llama.tensor_data_layout", Self.text("Meta AI original pth")), ("llama.a_new_feature", .uint32(0)),
        ]
        #expect(try open(harmless).warnings == [])
    }

    @Test("unknown keys that are not off are named in one sentence")
    func warns() throws {
        let checkpoint = try open([
            ("llama.mixer.power", .float32(2)), ("llama.gate", Self.text("wave")), ("llama.list", .int32s([1])),
        ])
        #expect(
            checkpoint.warnings == [
                "metadata 'llama.gate' ('wave'), 'llama.list' (an array of 1 elements), 'llama.mixer.power' (2.0): unknown "
                    + "here and without effect; the model may not be what its makers mean"
            ])
    }

    private static let yarn: [(String, GGUFWriter.Value)] = [
        ("llama.rope.scaling.type", text("yarn")), ("llama.rope.scaling.factor", .float32(4)),
        ("llama.rope.scaling.original_context_length", .uint32(32)),
    ]

    @Test("YaRN in transformers' fields, with llama.cpp's scale of cos and sin")
    func yarn() throws {
        func scaling(_ more: [(String, GGUFWriter.Value)] = []) throws -> JSONValue? {
            try open(Self.yarn + more).configuration["rope_scaling"]
        }
        let found = try scaling()
        let base = try #require(found)
        #expect((base["rope_type"], base["factor"]) == ("yarn", .double(4)))
        #expect(base["original_max_position_embeddings"] == .int(32))
        let magnitude = 0.1 * log(4.0) + 1
        #expect(base["attention_factor"] == .double(magnitude))
        let scaled = try scaling([("llama.rope.scaling.attn_factor", .float32(0.5))])
        #expect(scaled?["attention_factor"] == .double(magnitude / 2))
        let divided = try scaling([("llama.rope.scaling.yarn_log_multiplier", .float32(1))])
        #expect(divided?["attention_factor"] == .double(1))
        let betas = try scaling([
            ("llama.rope.scaling.yarn_beta_fast", .float32(16)), ("llama.rope.scaling.yarn_beta_slow", .float32(2)),
            ("llama.rope.scaling.yarn_ext_factor", .float32(1)), ("llama.rope.scaling.yarn_attn_factor", .float32(1)),
        ])
        #expect((betas?["beta_fast"], betas?["beta_slow"]) == (.double(16), .double(2)))
        #expect(betas?["attention_factor"] == .double(magnitude))
        _ = try scaling([("llama.rope.scaling.yarn_attn_factor", .float32(Float(magnitude)))])
    }

    @Test("an attention factor without scaling is YaRN with factor 1")
    func attentionFactor() throws {
        let checkpoint = try open([("llama.rope.scaling.attn_factor", .float32(1.5))])
        #expect(
            checkpoint.configuration["rope_scaling"]
                == .object(["rope_type": "yarn", "factor": .double(1), "attention_factor": .double(1.5)]))
    }

    @Test(
        "ambiguous YaRN keys are refused",
        arguments: [
            ("yarn_ext_factor", Float(0.5), "'llama.rope.scaling.yarn_ext_factor': 0.5 is not implemented"),
            ("yarn_attn_factor", 0.9, "means other things to other programs: neither 1 nor the factor's own 1.1386"),
        ])
    func ambiguous(_ key: String, _ value: Float, _ text: String) {
        let message = errorMessage { _ = try open(Self.yarn + [("llama.rope.scaling." + key, .float32(value))]) }
        #expect(message?.contains(text) == true, "\(message ?? "accepted")")
    }
}
