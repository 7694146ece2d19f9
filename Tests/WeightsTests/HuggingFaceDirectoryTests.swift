import JSON
import Foundation
import Tensors
import TestSupport
import Testing
import Weights

/// Valid directories in Hugging Face's format.
@Suite struct HuggingFaceDirectoryTests {
    @Test(arguments: [("llama-ropescaled", 101), ("qwen3-tied", 134), ("qwen3-untied-bf16-sharded", 157)])
    func opensGoldenCheckpoints(_ name: String, _ tensorCount: Int) throws {
        let path = Goldens.url("dmtd/\(name)").path()
        let checkpoint = try Checkpoint.open(path)
        #expect(checkpoint.kind == .huggingFace)
        #expect(checkpoint.tokenizer == .directory(path))
        #expect(checkpoint.tensorNames.count == tensorCount)
        #expect(checkpoint.tensorNames == checkpoint.tensorNames.sorted())
        for name in checkpoint.tensorNames {
            let tensor = try checkpoint.tensor(name)
            let values = tensor.shape.reduce(1, *)
            #expect(tensor.bytes.count == values * tensor.format.bytesPerBlock, "\(name)")
        }
    }

    @Test func aShardedCheckpointHasTensorsOfEveryShard() throws {
        let checkpoint = try Checkpoint.open(Goldens.url("dmtd/qwen3-untied-bf16-sharded").path())
        let embedding = try checkpoint.tensor("model.embed_tokens.weight")
        let head = try checkpoint.tensor("lm_head.weight")
        #expect((embedding.shape, embedding.format) == ([320, 48], .bf16))
        #expect((head.shape, head.format) == ([320, 48], .bf16))
        let owners = Set([ObjectIdentifier(embedding.owner), ObjectIdentifier(head.owner)])
        #expect(owners.count == 2)
    }

    @Test func tensorsAreReadInPlaceInTheStoredFormat() throws {
        let directory = try TemporaryDirectory()
        try directory.write("{}", "config.json")
        let header = #"""
            {"__metadata__": {"format": "pt"},
            "a": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]},
            "b": {"dtype": "F16", "shape": [3], "data_offsets": [8, 14]},
            "c": {"dtype": "BF16", "shape": [], "data_offsets": [14, 16]},
            "none": {"dtype": "BF16", "shape": [0, 5], "data_offsets": [16, 16]}}
            """#
        try directory.write(
            SafetensorsWriter(header: header, data: Array(0..<16)).bytes(), "model.safetensors")
        let checkpoint = try Checkpoint.open(directory.path)
        #expect(checkpoint.tensorNames == ["a", "b", "c", "none"])
        #expect(checkpoint.hasTensor("a") && !checkpoint.hasTensor("__metadata__"))
        let (a, b) = (try checkpoint.tensor("a"), try checkpoint.tensor("b"))
        #expect((a.format, a.shape, a.withBytes { Array($0) }) == (.f32, [2, 1], Array(0..<8)))
        #expect((b.format, b.shape, b.withBytes { Array($0) }) == (.f16, [3], Array(8..<14)))
        #expect(b.bytes.baseAddress == a.bytes.baseAddress?.advanced(by: 8))
        #expect(try checkpoint.tensor("c").shape == [])
        #expect(try checkpoint.tensor("none").bytes.isEmpty)
    }

    @Test func aTensorOutlivesItsCheckpoint() throws {
        let tensor = try Checkpoint.open(Goldens.url("dmtd/qwen3-tied").path()).tensor("model.norm.weight")
        #expect(tensor.withBytes { $0.loadUnaligned(as: Float.self).isFinite })
    }

    @Test func endTokensComeFromTheGenerationConfiguration() throws {
        let directory = try TemporaryDirectory()
        try directory.write(#"{"eos_token_id": 1, "kept": {"x": [1]}}"#, "config.json")
        try directory.write(SafetensorsWriter(header: "{}").bytes(), "model.safetensors")
        #expect(try Checkpoint.open(directory.path).configuration["eos_token_id"] == .int(1))
        try directory.write(#"{"eos_token_id": [2, 3], "kept": 1}"#, "generation_config.json")
        let configuration = try Checkpoint.open(directory.path).configuration
        #expect(configuration["eos_token_id"] == .array([.int(2), .int(3)]))
        #expect(configuration["kept"] == .object(["x": .array([.int(1)])]))
        try directory.write(#"{"eos_token_id": null}"#, "generation_config.json")
        #expect(try Checkpoint.open(directory.path).configuration["eos_token_id"] == .int(1))
    }
}
