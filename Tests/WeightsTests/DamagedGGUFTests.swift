import Foundation
import TestSupport
import Testing
import Weights

/// Errors for damaged GGUF files.
@Suite struct DamagedGGUFTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Opens the file, reads every tensor and returns the error message.
    private func message(_ bytes: [UInt8], name: String = "model.gguf") throws -> String? {
        let path = try directory.write(bytes, name)
        do throws(CheckpointError) {
            let checkpoint = try Checkpoint.open(path)
            for name in checkpoint.tensorNames { _ = try checkpoint.tensor(name) }
            return nil
        } catch {
            return error.description.replacingOccurrences(of: directory.path + "/", with: "")
        }
    }

    private func damaged(_ text: String) -> String {
        "model.gguf: \(text); the file is damaged: download or convert it again"
    }

    /// The error message for a valid file with one tensor of 64 bytes, after `change`.
    private func message(_ change: (inout GGUFWriter) -> Void) throws -> String? {
        var writer = GGUFWriter.llama()
        writer.add("a", [8, 2], 0, Array(repeating: 1, count: 64))
        change(&writer)
        return try message(writer.bytes())
    }

    @Test func theUnchangedFileIsRight() throws { #expect(try message { _ in } == nil) }

    @Test func magicAndVersion() throws {
        let other =
            "; give a Hugging Face model directory (config.json and .safetensors files), "
            + "a .gguf file or a directory that volley packed"
        #expect(
            try message { $0.magic = Array("PK\u{3}\u{4}".utf8) }
                == "model.gguf: is a file that does not begin with 'GGUF'" + other)
        #expect(try message([]) == "model.gguf: is a file that does not begin with 'GGUF'" + other)
        let remedy = "; convert the checkpoint again with a current converter, for a little-endian machine"
        #expect(
            try message { $0.version = 1 }
                == "model.gguf: the version: is 1, and versions 2 and 3 are known" + remedy)
        #expect(try message { $0.version = 3 << 24 } == "model.gguf: the version: the file is big-endian" + remedy)
    }

    /// Every prefix of a file is refused, without reads beyond its end.
    @Test func truncatedAnywhere() throws {
        var writer = GGUFWriter.llama()
        writer.set("tokenizer.ggml.tokens", .texts(["a", "b"]))
        writer.add("a", [8, 2], 0, Array(repeating: 1, count: 64))
        let bytes = writer.bytes()
        for count in 0..<bytes.count { #expect(try message(Array(bytes.prefix(count))) != nil, "\(count) bytes") }
        #expect(try message(bytes) == nil)
        #expect(
            try message(Array(bytes.prefix(bytes.count - 1)))
                == damaged("tensor 'a': takes 64 bytes at offset 0, but the file has 63 bytes of data"))
        #expect(
            try message(Array(bytes.prefix(12)))
                == damaged("the tensor count: needs 8 bytes at offset 8, but the file has only 4 more"))
    }

    @Test(arguments: [UInt64(1000), .max, 1 << 60])
    func countsBeyondTheFile(_ count: UInt64) throws {
        let tensors = try message { $0.tensorCount = count }
        #expect(tensors?.hasPrefix("model.gguf: the tensor count: says \(count), but the file has only ") == true)
        let metadata = try message { $0.metadataCount = count }
        #expect(metadata?.hasPrefix("model.gguf: the metadata count: says \(count), but the file has only ") == true)
    }

    @Test func metadataThatContradictsItself() throws {
        #expect(
            try message { $0.metadata.append($0.metadata[0]) }
                == damaged("metadata 'general.architecture': is there twice"))
        #expect(
            try message { $0.metadata.append(([0xFF], .bool(1))) }?
                .hasPrefix("model.gguf: metadata entry 9: the name at offset ") == true)
        #expect(
            try message { $0.set("x", .raw(13, [])) } == damaged("metadata 'x': has the unknown value type 13"))
        #expect(try message { $0.set("x", .bool(2)) } == damaged("metadata 'x': has the truth value 2"))
        #expect(
            try message { $0.set("general.alignment", .uint32(24)) }
                == damaged("metadata 'general.alignment': is not a power of two up to 2^30"))
        #expect(
            try message { $0.set("general.alignment", .uint32(0)) }
                == damaged("metadata 'general.alignment': is not a power of two up to 2^30"))
        #expect(
            try message { $0.set("llama.block_count", .text([])) }
                == damaged("metadata 'llama.block_count': is not one whole number"))
        #expect(
            try message { $0.set("general.architecture", .text([0xC3])) }
                == damaged("metadata 'general.architecture': is not UTF-8 text"))
        #expect(
            try message { $0.metadata.removeFirst() } == damaged("metadata 'general.architecture': is missing"))
        #expect(
            try message {
                $0.set("tokenizer.ggml.tokens", .texts(["a"]))
                $0.set("tokenizer.ggml.token_type", .int32s([1, 1]))
            } == damaged("metadata 'tokenizer.ggml.token_type': has 2 elements for 1 tokens"))
    }

    @Test(arguments: [UInt64(1000), .max, 1 << 61])
    func stringsAndArraysBeyondTheFile(_ count: UInt64) throws {
        let text = try message { $0.set("x", .raw(8, littleEndian(count))) }
        #expect(text?.hasPrefix("model.gguf: metadata 'x': needs \(count) bytes at offset ") == true)
        for type in [UInt32(0), 5, 8, 9, 12] {
            let array = try message { $0.set("x", .raw(9, littleEndian(type) + littleEndian(count))) }
            #expect(
                array?.hasPrefix("model.gguf: metadata 'x': says it has \(count) elements, but the file has") == true)
        }
    }

    @Test func nestedArraysAreReadToADepthAndNoFurther() throws {
        func nested(_ depth: Int) -> [UInt8] {
            (0..<depth - 1).flatMap { _ in littleEndian(UInt32(9)) + littleEndian(UInt64(1)) }
                + littleEndian(UInt32(0)) + littleEndian(UInt64(1)) + [7]
        }
        #expect(try message { $0.set("x", .raw(9, nested(8))) } == nil)
        let expected = damaged("metadata 'x': has arrays nested deeper than 8 levels")
        #expect(try message { $0.set("x", .raw(9, nested(9))) } == expected)
        #expect(try message { $0.set("x", .raw(9, nested(100_000))) } == expected)
    }

    @Test func tensorsThatLie() throws {
        func lying(_ change: (inout GGUFWriter.Tensor) -> Void) throws -> String? {
            try message { change(&$0.tensors[0]) }
        }
        #expect(
            try lying { $0.dimensions = [8, 3] }
                == damaged("tensor 'a': takes 96 bytes at offset 0, but the file has 64 bytes of data"))
        #expect(
            try lying { $0.dimensions = [1, 1, 1, 1, 1] }
                == damaged("tensor 'a': has 5 dimensions, and the format allows 4"))
        #expect(
            try lying { $0.dimensions = [.max] } == damaged("tensor 'a': has a dimension of 18446744073709551615"))
        #expect(
            try lying { $0.dimensions = [1 << 32, 1 << 32] }
                == damaged("tensor 'a': its shape [4294967296, 4294967296] has too many values"))
        #expect(
            try lying { $0.dimensions = [0, 1 << 32, 1 << 32] }
                == damaged("tensor 'a': its shape [4294967296, 4294967296, 0] has too many values"))
        #expect(
            try lying { $0.dimensions = [1 << 62] }
                == damaged("tensor 'a': its rows of 4611686018427387904 values are not whole blocks of F32"))
        #expect(
            try lying { ($0.dimensions, $0.type) = ([16, 4], 8) }
                == damaged("tensor 'a': its rows of 16 values are not whole blocks of Q8_0"))
        #expect(
            try lying { $0.offset = 64 }
                == damaged("tensor 'a': takes 64 bytes at offset 64, but the file has 64 bytes of data"))
        #expect(
            try lying { $0.offset = .max }
                == damaged(
                    "tensor 'a': takes 64 bytes at offset 18446744073709551615, but the file has 64 bytes of data"))
        #expect(
            try lying { ($0.dimensions, $0.offset) = ([8], 4) }
                == damaged("tensor 'a': its offset 4 is not a multiple of the alignment 32"))
        #expect(
            try lying { $0.name = [0xFF] }?.hasPrefix("model.gguf: tensor number 0: the name at offset ") == true)
    }

    @Test func tensorsThatCollide() throws {
        let data = [UInt8](repeating: 2, count: 32)
        #expect(
            try message { $0.add("b", [8], 0, data, offset: 32) }
                == damaged("tensor 'b': overlaps the tensor before it by 32 bytes"))
        #expect(try message { $0.add("a", [8], 0, data) } == damaged("tensor 'a': is there twice"))
        let both = try message {
            $0.add("output_norm.weight", [8], 0, data)
            $0.add("model.norm.weight", [8], 0, data)
        }
        #expect(
            both?.hasSuffix(
                "another tensor stands for 'model.norm.weight' too; the file is damaged: download or convert it again")
                == true)
    }

    @Test func aFileThatEndsBeforeItsData() throws {
        var writer = GGUFWriter.llama()
        writer.add("a", [0], 0, [])
        let bytes = writer.bytes()
        #expect(try message(bytes) == nil)
        #expect(
            try message(bytes.dropLast())
                == damaged("the data: should begin at byte \(bytes.count), but the file has \(bytes.count - 1) bytes"))
    }

    @Test func rowsThatDoNotDivideIntoHeads() throws {
        let data = [UInt8](repeating: 2, count: 12 * 4)
        #expect(
            try message { $0.add("blk.0.attn_q.weight", [1, 12], 0, data) }
                == damaged("tensor 'blk.0.attn_q.weight': its shape [12, 1] does not divide into 4 heads of even width")
        )
        #expect(
            try message { $0.add("blk.0.attn_q.weight", [12], 0, data) }
                == damaged("tensor 'blk.0.attn_q.weight': its shape [12] does not divide into 4 heads of even width"))
        #expect(
            try message {
                $0.set("llama.attention.head_count", .raw(10, littleEndian(UInt64(1) << 62)))
                $0.add("blk.0.attn_q.weight", [1, 12], 0, data)
            }?.hasPrefix("model.gguf: tensor 'blk.0.attn_q.weight': its shape [12, 1] does not divide into ") == true)
    }

    @Test func whatIsNotImplementedIsNamed() throws {
        let remedy =
            "; convert the checkpoint to one of F32, BF16, F16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, IQ4_NL, Q2_K, Q3_K, Q4_K, "
            + "Q5_K, Q6_K, IQ4_XS"
        for (type, name) in [
            (16, "IQ2_XXS"), (17, "IQ2_XS"), (18, "IQ3_XXS"), (19, "IQ1_S"), (21, "IQ3_S"), (22, "IQ2_S"),
            (29, "IQ1_M"), (34, "TQ1_0"), (35, "TQ2_0"), (39, "MXFP4"), (40, "NVFP4"), (139, "IQ4_K"),
            (99, "type number 99"),
        ] as [(UInt32, String)] {
            #expect(
                try message { $0.tensors[0].type = type } == "model.gguf: tensor 'a': is stored as \(name)" + remedy)
        }
        #expect(
            try message { $0.set("general.architecture", .text(Array("gemma3".utf8))) }
                == "model.gguf: metadata 'general.architecture': the architecture 'gemma3' is not implemented; "
                + "use a checkpoint of Qwen3, Qwen3-MoE or Llama")
        #expect(
            try message { $0.set("llama.rope.scaling.type", .text(Array("longrope".utf8))) }
                == "model.gguf: metadata 'llama.rope.scaling.type': the RoPE scaling 'longrope' is not implemented; "
                + "use a checkpoint without scaling, or with linear, YaRN or Llama-3 scaling")
        #expect(
            try message { $0.set("llama.expert_count", .uint32(8)) }
                == "model.gguf: metadata 'llama.expert_count': a mixture of 8 experts is not implemented; "
                + "use a dense checkpoint")
    }
}
