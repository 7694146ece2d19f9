import Foundation
import JSON
import TestSupport
import Testing
import Weights

/// The sources of a checkpoint's recommended settings, and their preservation by packing.
struct GenerationSourceTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func path(_ name: String) -> String { directory.path + "/" + name }

    private func writeHuggingFace() throws {
        try directory.write(#"{"model_type": "qwen3", "do_sample": true, "top_k": 3}"#, "config.json")
        try directory.write(SafetensorsWriter(header: "{}").bytes(), "model.safetensors")
    }

    /// Writes a minimal file with sampling keys of every type that writers use.
    private func writeGGUF(_ name: String) throws {
        var writer = GGUFWriter.llama()
        writer.set("general.sampling.temp", .float32(0.5))
        writer.set("general.sampling.top_k", .raw(5, littleEndian(Int32(20))))
        writer.set("general.sampling.sequence", .text(Array("temperature;top_k".utf8)))
        writer.add("output_norm.weight", [64], 0, [UInt8](repeating: 0, count: 256))
        try directory.write(writer.bytes(), name)
    }

    private static let keys: JSONObject = ["sequence": "temperature;top_k", "temp": .double(0.5), "top_k": .int(20)]

    @Test("generation_config.json overrides the fields of config.json")
    func files() throws {
        try writeHuggingFace()
        let legacy = try Checkpoint.open(directory.path).generation
        #expect(legacy.origin == .configuration)
        #expect(legacy.fields["top_k"] == .int(3))
        try directory.write(#"{"temperature": 0.7}"#, "generation_config.json")
        let source = try Checkpoint.open(directory.path).generation
        #expect(source == GenerationSource(origin: .generationConfiguration, fields: ["temperature": .double(0.7)]))
    }

    @Test("a damaged file gives one sentence", arguments: ["{", "[]", ""])
    func damaged(_ text: String) throws {
        try writeHuggingFace()
        try directory.write(text, "generation_config.json")
        let error = try #require(throws: CheckpointError.self) { try Checkpoint.open(directory.path) }
        #expect(error.description.contains("generation_config.json: "))
    }

    @Test("GGUF keys are read, and one of the wrong type is named")
    func metadata() throws {
        try writeGGUF("a.gguf")
        #expect(
            try Checkpoint.open(path("a.gguf")).generation == GenerationSource(origin: .gguf, fields: Self.keys))
        var writer = GGUFWriter.llama()
        writer.set("general.sampling.temp", .texts(["0.5"]))
        try directory.write(writer.bytes(), "b.gguf")
        let error = try #require(throws: CheckpointError.self) { try Checkpoint.open(path("b.gguf")) }
        #expect(error.description.contains("metadata 'general.sampling.temp': is not one number or text"))
    }

    @Test("pack and unpack keep the settings of a directory and of a GGUF file")
    func packed() throws {
        let source = try TemporaryDirectory()
        try source.write(#"{"model_type": "qwen3"}"#, "config.json")
        try source.write(SafetensorsWriter(header: "{}").bytes(), "model.safetensors")
        try source.write(#"{"temperature": 0.7}"#, "generation_config.json")
        try writeGGUF("a.gguf")
        let originals: [(String, GenerationSource.Origin)] = [
            (source.path, .generationConfiguration), (path("a.gguf"), .gguf),
        ]
        for (original, origin) in originals {
            let expected = try Checkpoint.open(original).generation
            #expect(expected.origin == origin)
            let packed = path("packed-\(origin)")
            try PackTests.pack(original, to: packed)
            #expect(try Checkpoint.open(packed).generation == expected)
            let unpacked = path("unpacked-\(origin)")
            try Unpacker(Checkpoint.open(packed)).write(to: unpacked, progress: { _ in }, isCancelled: { false })
            #expect(try Checkpoint.open(unpacked).generation == expected)
        }
    }
}
