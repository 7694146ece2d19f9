import Foundation
import JSON
import TestSupport
import Testing
import Weights

/// Paths that almost name a model open it or give a helpful error.
struct WrongPathTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func sentence(_ path: String) throws -> String {
        try #require(throws: CheckpointError.self) { try Checkpoint.open(path) }.description
    }

    @Test(
        "a model name on the hub gives instructions to download it",
        arguments: ["Qwen/Qwen3-0.6B", "https://huggingface.co/Qwen/Qwen3-0.6B", "hf.co/Qwen/Qwen3-0.6B"])
    func hubIdentifier(_ path: String) throws {
        let sentence = try sentence(path)
        #expect(sentence.contains("run hf download Qwen/Qwen3-0.6B --local-dir Qwen3-0.6B"), "\(sentence)")
    }

    @Test(
        "other missing paths give a plain error",
        arguments: ["/Qwen/Qwen3-0.6B", "./Qwen/model", "Qwen3-0.6B", "a/b/c", "~/model", "Qwen/a.gguf", "/tmp/x y"])
    func otherPaths(_ path: String) throws {
        let sentence = try sentence(path)
        #expect(sentence.contains("there is no such file or directory; give a Hugging Face model directory"))
    }

    @Test("a name in an existing directory is a path")
    func besideDirectory() throws {
        let isThere = FileManager.default.fileExists(atPath: "Tests")
        #expect(try sentence("Tests/nothing").contains("hf download") == !isThere)
    }

    private func gguf() -> [UInt8] { GGUFWriter.llama().bytes() }

    @Test("a directory with one GGUF model opens it, unless there are safetensors files")
    func oneGGUF() throws {
        try directory.write(gguf(), "model.Q8_0.gguf")
        try directory.write("{}", "config.json")
        try directory.write(gguf(), "mmproj-F16.gguf")
        let checkpoint = try Checkpoint.open(directory.path)
        #expect(checkpoint.kind == .gguf)
        #expect(checkpoint.path == directory.path + "/model.Q8_0.gguf")
        try directory.write(SafetensorsWriter(header: "{}").bytes(), "model.safetensors")
        #expect(try Checkpoint.open(directory.path).kind == .huggingFace)
    }

    @Test("a directory with several GGUF models names them")
    func severalGGUF() throws {
        for name in ["b.gguf", "a.gguf", "c.GGUF"] { try directory.write(gguf(), name) }
        let sentence = try sentence(directory.path)
        #expect(sentence.contains("holds 3 GGUF models: a.gguf, b.gguf, c.GGUF; give the path of one"), "\(sentence)")
    }

    @Test(
        "a Git LFS pointer in place of any file is recognised",
        arguments: ["model.safetensors", "config.json", "generation_config.json"])
    func pointer(_ name: String) throws {
        let checksum = String(repeating: "a", count: 64)
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:\(checksum)\nsize 9\n"
        try directory.write("{}", "config.json")
        try directory.write(SafetensorsWriter(header: "{}").bytes(), "model.safetensors")
        try directory.write(pointer, name)
        let sentence = try sentence(directory.path)
        #expect(sentence.contains("\(name): the whole file: is a Git LFS pointer"), "\(sentence)")
        try directory.write(pointer, "x.gguf")
        #expect(try self.sentence(directory.path + "/x.gguf").contains("x.gguf: the whole file: is a Git LFS pointer"))
    }

    @Test(
        "weights packed by another method are recognised by their tensors",
        arguments: [
            ("model.layers.0.self_attn.q_proj.qweight", "GPTQ or AWQ"), ("a.qzeros", "GPTQ or AWQ"),
            ("a.weight.quant_state.bitsandbytes__nf4", "bitsandbytes"), ("a.SCB", "bitsandbytes"),
        ])
    func packed(_ name: String, _ method: String) throws {
        try directory.write("{}", "config.json")
        let header = "{\"\(name)\": {\"dtype\": \"I32\", \"shape\": [1], \"data_offsets\": [0, 4]}}"
        try directory.write(SafetensorsWriter(header: header, data: [0, 0, 0, 0]).bytes(), "model.safetensors")
        let sentence = try sentence(directory.path)
        #expect(sentence.contains("tensor '\(name)': belongs to weights packed by \(method); use the model's"))
    }
}
