import Foundation
import JSON
import Models
import Tensors
import TestSupport
import Testing
import Weights

/// Tensors that a model does not use are refused by name, and no field about tensors is ignored silently.
struct UnreadTensorsTests {
    private func refusal(_ checkpoint: AlteredCheckpoint) throws -> String? {
        let path = try checkpoint.write()
        do {
            _ = try LayerStack(checkpoint: Checkpoint.open(path))
            return nil
        } catch {
            return "\(error)".replacing(path, with: "model")
        }
    }

    private static func bias(_ count: Int) -> AlteredCheckpoint.Tensor {
        AlteredCheckpoint.Tensor([Float](repeating: 1, count: count), shape: [count])
    }

    @Test(
        "of every kind",
        arguments: [
            "model.layers.0.self_attn.q_proj.bias", "model.norm.bias", "model.layers.3.self_attn.sinks",
            "model.layers.12.input_layernorm.weight", "model.layers.0.post_feedforward_layernorm.weight",
            "score.weight",
            "model.layers.0.self_attn.q_proj.weight_scale_inv", "blk.0.attn_q.scale", "rope_factors_long.weight",
        ])
    func unread(_ name: String) throws {
        let checkpoint = try AlteredCheckpoint()
        checkpoint.tensors[name] = Self.bias(64)
        #expect(
            try refusal(checkpoint)
                == "model: tensor '\(name)': a model of type qwen3 has no use for it; use the configuration that belongs to the "
                + "weights, or leave such tensors out with --ignore-unused-tensors")
        let path = try checkpoint.write()
        _ = try LayerStack(checkpoint: Checkpoint.open(path), ignoresUnusedTensors: true)
    }

    @Test("of many unused tensors three are named and the others counted")
    func many() throws {
        let checkpoint = try AlteredCheckpoint()
        for layer in 0..<12 { checkpoint.tensors["model.layers.\(layer).mlp.up_proj.bias"] = Self.bias(160) }
        #expect(
            try refusal(checkpoint)?.contains("up_proj.bias' and 9 more: a model of type qwen3 has no use for them")
                == true)
    }

    @Test("q and k norms of a Llama are refused; tables of RoPE frequencies are ignored")
    func architectures() throws {
        let llama = try AlteredCheckpoint()
        llama.configuration["model_type"] = "llama"
        #expect(try refusal(llama)?.contains("_norm.weight' and 21 more: a model of type llama") == true)
        let tables = try AlteredCheckpoint()
        for name in ["model.rotary_emb.inv_freq", "model.layers.0.self_attn.rotary_emb.inv_freq"] {
            tables.tensors[name] = Self.bias(16)
        }
        #expect(try refusal(tables) == nil)
    }

    @Test("a tied lm_head that is stored with other values than the embedding is used")
    func tiedHead() throws {
        let checkpoint = try AlteredCheckpoint()
        let embedding = try #require(checkpoint.tensors["model.embed_tokens.weight"])
        checkpoint.tensors["lm_head.weight"] = embedding
        var opened = try Checkpoint.open(checkpoint.write())
        var stack = try LayerStack(checkpoint: opened)
        #expect(stack.configuration.tiesEmbeddings && stack.embedding == nil)
        #expect(opened.warnings(stack) == [])

        checkpoint.change("lm_head.weight") { $0[5] += 1 }
        opened = try Checkpoint.open(checkpoint.write())
        stack = try LayerStack(checkpoint: opened)
        #expect(!stack.configuration.tiesEmbeddings && stack.embedding != nil)
        #expect(
            opened.warnings(stack) == [
                "configuration: tie_word_embeddings is true, but lm_head.weight differs from the embedding: it is used, as "
                    + "transformers 5 does; others may use the embedding"
            ])
    }

    @Test("packing keeps such an lm_head, and warns if it gets a format of its own")
    func packedHead() throws {
        let checkpoint = try AlteredCheckpoint()
        checkpoint.tensors["lm_head.weight"] = checkpoint.tensors["model.embed_tokens.weight"]
        checkpoint.change("lm_head.weight") { $0[5] += 1 }
        checkpoint.configuration["made_up"] = 3
        let source = try Checkpoint.open(checkpoint.write())
        let directory = try TemporaryDirectory()
        for (name, options, isTied) in [("kept", PackOptions(), true), ("q8", PackOptions(lmHeadFormat: .q8_0), false)]
        {
            let path = directory.path + "/" + name
            try Packer(source, options: options).write(to: path, progress: { _ in }, isCancelled: { false })
            let packed = try Checkpoint.open(path)
            #expect(packed.configuration["made_up"] == source.configuration["made_up"])
            #expect(packed.configuration["tie_word_embeddings"]?.boolValue == isTied)
            #expect(try LayerStack(checkpoint: packed).configuration.tiesEmbeddings == false)
        }
    }

    @Test(
        "fields of compressed-tensors and mlx are refused with packed weights, and give a warning with plain ones",
        arguments: ["compression_config", "quantization"])
    func quantization(_ field: String) throws {
        let checkpoint = try AlteredCheckpoint()
        checkpoint.configuration[field] = ["bits": 4, "group_size": 64]
        let opened = try Checkpoint.open(checkpoint.write())
        #expect(
            try opened.warnings(LayerStack(checkpoint: opened)) == [
                "configuration: \(field) says how the weights were quantised, but they are plain: they are used as they are"
            ])
        let name = "model.layers.0.mlp.up_proj." + (field == "quantization" ? "scales" : "weight_packed")
        checkpoint.tensors["model.layers.0.mlp.up_proj.weight"] = nil
        checkpoint.tensors[name] = Self.bias(160)
        #expect(
            try refusal(checkpoint)
                == "configuration: \(field) with packed weights (tensor '\(name)') is not implemented; use the checkpoint's "
                + "unquantised original, or a GGUF file")
    }
}
