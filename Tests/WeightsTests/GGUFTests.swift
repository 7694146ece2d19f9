import JSON
import Foundation
import Tensors
import TestSupport
import Testing
import Weights

/// Valid GGUF files, read as Hugging Face checkpoints.
@Suite struct GGUFTests {
    /// Files written by the `gguf` package (Goldens/weights/make.py): every tensor has Hugging Face's name and bytes,
    /// in its storage format.
    @Test(arguments: ["llama.gguf", "qwen3.gguf"])
    func readsFilesOfTheGGUFPackage(_ name: String) throws {
        let expected = try Goldens.decode([String: [String: String]].self, "weights/expected.json")[name]
        let checkpoint = try Checkpoint.open(Goldens.url("weights/\(name)").path())
        #expect(checkpoint.kind == .gguf)
        #expect(checkpoint.tensorNames == expected?.keys.sorted())
        for name in checkpoint.tensorNames {
            #expect(try checkpoint.tensor(name).withBytes { fnv1a($0) } == expected?[name], "\(name)")
        }
    }

    @Test func saysMetadataInHuggingFaceTerms() throws {
        let llama = try Checkpoint.open(Goldens.url("weights/llama.gguf").path()).configuration
        #expect(
            llama
                == .object([
                    "model_type": "llama", "hidden_size": .int(64), "num_hidden_layers": .int(1),
                    "num_attention_heads": .int(4), "num_key_value_heads": .int(2), "head_dim": .int(16),
                    "intermediate_size": .int(96), "vocab_size": .int(12), "max_position_embeddings": .int(128),
                    "rms_norm_eps": .double(Double(Float(1e-5))), "rope_theta": .double(500000),
                    "tie_word_embeddings": .bool(true), "attention_bias": .bool(false), "mlp_bias": .bool(false),
                    "bos_token_id": .int(0), "eos_token_id": .array([.int(10), .int(11)]),
                ]))
        let qwen3 = try Checkpoint.open(Goldens.url("weights/qwen3.gguf").path()).configuration
        #expect(qwen3["model_type"] == "qwen3")
        #expect(qwen3["head_dim"] == .int(16))
        #expect(qwen3["tie_word_embeddings"] == .bool(false))
    }

    @Test func keepsTheTokenizer() throws {
        let checkpoint = try Checkpoint.open(Goldens.url("weights/llama.gguf").path())
        guard case .gguf(let tokenizer) = checkpoint.tokenizer else {
            Issue.record("no tokenizer metadata")
            return
        }
        #expect((tokenizer.model, tokenizer.pre) == ("gpt2", "qwen2"))
        #expect(tokenizer.tokens.count == 12)
        #expect(tokenizer.tokens[1] == Array("Ġ".utf8))
        #expect(tokenizer.merges == ["a b", "b c", "Ġ a"].map { Array($0.utf8) })
        #expect(tokenizer.tokenTypes == Array(repeating: 1, count: 10) + [3, 3])
        #expect((tokenizer.beginID, tokenizer.endID, tokenizer.endOfTurnID) == (0, 10, 11))
        #expect((tokenizer.addsBegin, tokenizer.addsEnd) == (false, nil))
        #expect(tokenizer.chatTemplates == ["default": "{{ messages }}"])
    }

    /// Rows are restored to Hugging Face's order in every format. Other matrices stay unchanged.
    @Test(arguments: StorageFormat.allCases, [UInt32(2), 3])
    func undoesTheRowOrderOfLlama(_ format: StorageFormat, _ version: UInt32) throws {
        var random = SeededGenerator(seed: 41)
        let columns = max(64, format.valuesPerBlock)
        let rowBytes = try #require(format.rowByteCount(columns: columns))
        let rows = (0..<64).map { _ in (0..<rowBytes).map { _ in UInt8.random(in: 0...255, using: &random) } }
        var writer = GGUFWriter.llama()
        writer.version = version
        // 4 query heads and 2 key heads, all 16 wide.
        writer.add(
            "blk.0.attn_q.weight", [UInt64(columns), 64], ggufType(format), llamaOrder(rows, heads: 4).flatMap(\.self))
        writer.add(
            "blk.0.attn_k.weight", [UInt64(columns), 32], ggufType(format),
            llamaOrder(Array(rows[..<32]), heads: 2).flatMap(\.self))
        writer.add("blk.0.attn_v.weight", [UInt64(columns), 64], ggufType(format), rows.flatMap(\.self))
        let directory = try TemporaryDirectory()
        let checkpoint = try Checkpoint.open(directory.write(writer.bytes(), "model.gguf"))
        for (name, count) in [("q", 64), ("k", 32), ("v", 64)] {
            let tensor = try checkpoint.tensor("model.layers.0.self_attn.\(name)_proj.weight")
            #expect(tensor.shape == [count, columns])
            #expect(tensor.format == format)
            #expect(tensor.withBytes { Array($0) } == rows[..<count].flatMap(\.self), "\(name)")
        }
    }

    @Test func qwen3KeepsItsRowOrder() throws {
        var writer = GGUFWriter()
        writer.set("general.architecture", .text(Array("qwen3".utf8)))
        let data = (0..<128).map { UInt8($0) }
        writer.add("blk.0.attn_q.weight", [2, 16], 0, data)
        let directory = try TemporaryDirectory()
        let checkpoint = try Checkpoint.open(directory.write(writer.bytes(), "model.gguf"))
        #expect(try checkpoint.tensor("model.layers.0.self_attn.q_proj.weight").withBytes { Array($0) } == data)
    }

    @Test func linearScalingUnderBothNames() throws {
        let expected = JSONValue.object(["rope_type": "linear", "factor": .double(4)])
        var writer = GGUFWriter.llama()
        writer.set("llama.rope.scaling.type", .text(Array("linear".utf8)))
        writer.set("llama.rope.scaling.factor", .float32(4))
        #expect(try configuration(writer)["rope_scaling"] == expected)
        writer = GGUFWriter.llama()
        writer.set("llama.rope.scale_linear", .float32(4))
        #expect(try configuration(writer)["rope_scaling"] == expected)
        writer = GGUFWriter.llama()
        writer.set("llama.rope.scaling.type", .text(Array("none".utf8)))
        #expect(try configuration(writer)["rope_scaling"] == nil)
    }

    @Test func partialRotationAndBiasesAreNotHidden() throws {
        var writer = GGUFWriter.llama()
        writer.set("llama.attention.key_length", .uint32(16))
        writer.set("llama.rope.dimension_count", .uint32(8))
        writer.add("blk.0.attn_q.bias", [64], 0, Array(repeating: 0, count: 256))
        let configuration = try configuration(writer)
        #expect(configuration["head_dim"] == .int(16))
        #expect(configuration["partial_rotary_factor"] == .double(0.5))
        #expect(configuration["attention_bias"] == .bool(true))
    }

    @Test func alignmentIsTheFilesOwn() throws {
        var writer = GGUFWriter.llama()
        writer.alignment = 128
        writer.set("general.alignment", .uint32(128))
        writer.add("output_norm.weight", [1], 0, [1, 2, 3, 4])
        writer.add("output.weight", [1], 0, [5, 6, 7, 8])
        let directory = try TemporaryDirectory()
        let checkpoint = try Checkpoint.open(directory.write(writer.bytes(), "model.gguf"))
        #expect(try checkpoint.tensor("lm_head.weight").withBytes { Array($0) } == [5, 6, 7, 8])
    }

    private func configuration(_ writer: GGUFWriter) throws -> JSONValue {
        let directory = try TemporaryDirectory()
        return try Checkpoint.open(directory.write(writer.bytes(), "model.gguf")).configuration
    }
}

/// Reorders rows like llama.cpp's converter: row t of a head's first half is followed by row t of its second half.
private func llamaOrder(_ rows: [[UInt8]], heads: Int) -> [[UInt8]] {
    let width = rows.count / heads
    var reordered: [[UInt8]] = []
    for head in 0..<heads {
        for row in 0..<width / 2 {
            reordered += [rows[head * width + row], rows[head * width + width / 2 + row]]
        }
    }
    return reordered
}

private func fnv1a(_ bytes: UnsafeRawBufferPointer) -> String {
    let hash = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
