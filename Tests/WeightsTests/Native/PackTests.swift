import Foundation
import JSON
import Tensors
import TestSupport
import Testing
import Weights

/// Packing and unpacking preserve a checkpoint.
struct PackTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    static func pack(_ source: String, to destination: String, _ options: PackOptions = PackOptions()) throws {
        try Packer(Checkpoint.open(source), options: options)
            .write(to: destination, progress: { _ in }, isCancelled: { false })
    }

    private func path(_ name: String) -> String { directory.path + "/" + name }

    /// Writes a directory with tensors of an unquantised format: large, odd, small, a vector, a single value and an
    /// empty one.
    private func writeSource(_ format: StorageFormat) throws -> String {
        var random = SeededGenerator(seed: 11)
        let shapes = [[700, 1024], [13, 37], [3, 31], [5], [1, 1], [0, 8]]
        var (fields, data): ([String], [UInt8]) = ([], [])
        for (index, shape) in shapes.enumerated() {
            let values = (0..<shape.reduce(1, *)).map { _ in Float.random(in: -0.1...0.1, using: &random) }
            var bytes = [UInt8](repeating: 0, count: values.count * format.bytesPerBlock)
            values.withUnsafeBufferPointer { Quantizer.encode($0, as: format, to: &bytes) }
            fields.append(
                #""t\#(index).weight":{"dtype":"\#(format.rawValue.uppercased())","shape":\#(shape),"#
                    + #""data_offsets":[\#(data.count),\#(data.count + bytes.count)]}"#)
            data += bytes
        }
        let source = path("source")
        try FileManager.default.createDirectory(atPath: source, withIntermediateDirectories: true)
        let file = SafetensorsWriter(header: "{" + fields.joined(separator: ",") + "}", data: data)
        try directory.write(file.bytes(), "source/model.safetensors")
        try directory.write(#"{"model_type":"qwen3","unknown":{"b":[1,2.5,null],"a":"é\n"}}"#, "source/config.json")
        try directory.write("{}", "source/tokenizer_config.json")
        try directory.write("Do as you like.", "source/LICENSE.txt")
        try directory.write("no part of it", "source/notes.txt")
        return source
    }

    private static func contents(_ path: String) throws -> [String: [UInt8]] {
        let checkpoint = try Checkpoint.open(path)
        return try checkpoint.tensorNames.reduce(into: [:]) { contents, name in
            let tensor = try checkpoint.tensor(name)
            contents["\(name) \(tensor.shape) \(tensor.format)"] = tensor.withBytes { Array($0) }
        }
    }

    @Test(
        "safetensors → pack → unpack keeps every bit, the configuration and the companion files",
        arguments: [StorageFormat.f32, .bf16, .f16], PackOptions.Compression.allCases)
    func roundTrip(_ format: StorageFormat, _ compression: PackOptions.Compression) throws {
        let source = try writeSource(format)
        let options = PackOptions(compression: compression, shardByteCount: 300_000, threadCount: 2)
        try Self.pack(source, to: path("packed"), options)
        try Unpacker(Checkpoint.open(path("packed")))
            .write(to: path("unpacked"), progress: { _ in }, isCancelled: { false })
        let expected = try Self.contents(source)
        #expect(expected.count == 6)
        #expect(try Self.contents(path("packed")) == expected)
        #expect(try Self.contents(path("unpacked")) == expected)
        #expect(try Checkpoint.open(path("unpacked")).configuration == Checkpoint.open(source).configuration)
        for name in ["tokenizer_config.json", "LICENSE.txt"] {
            #expect(try directory.read("unpacked/" + name) == directory.read("source/" + name))
        }
        #expect(!FileManager.default.fileExists(atPath: path("packed/notes.txt")))
        let checkpoint = try Checkpoint.open(path("packed"))
        #expect(checkpoint.faults(threadCount: 2, progress: { _ in }).isEmpty)
        let loaded = try checkpoint.loaded(threadCount: 2)
        for name in loaded.tensorNames {
            let tensor = try loaded.tensor(name)
            #expect(tensor.withBytes { Array($0) } == expected["\(name) \(tensor.shape) \(tensor.format)"])
        }
    }

    @Test("GGUF → pack keeps every block of every format", arguments: PackOptions.Compression.allCases)
    func blocks(_ compression: PackOptions.Compression) throws {
        let source = Goldens.url("weights/quantized.gguf").path
        try Self.pack(source, to: path("packed"), PackOptions(compression: compression))
        #expect(try Self.contents(path("packed")) == Self.contents(source))
    }

    @Test("rows in llama.cpp's order are reordered frame by frame")
    func rowOrder() throws {
        var random = SeededGenerator(seed: 12)
        var writer = GGUFWriter.llama()
        let bytes = (0..<2 * 640 * 1024).map { _ in UInt8.random(in: 0...255, using: &random) }
        writer.add("blk.0.attn_q.weight", [640, 1024], ggufType(.f16), bytes)
        let source = try directory.write(writer.bytes(), "llama.gguf")
        try Self.pack(source, to: path("packed"))
        let contents = try Self.contents(source)
        #expect(contents.values.first != bytes)
        #expect(try Self.contents(path("packed")) == contents)
    }

    @Test("a native checkpoint can be packed again, from whole and partial frames")
    func again() throws {
        let source = try writeSource(.bf16)
        try Self.pack(source, to: path("packed"))
        try Self.pack(path("packed"), to: path("second"), PackOptions(compression: .none))
        try Self.pack(path("second"), to: path("third"), PackOptions(compression: .lz4hc))
        #expect(try Self.contents(path("third")) == Self.contents(source))
        #expect(try directory.read("third/LICENSE.txt") == directory.read("source/LICENSE.txt"))
    }

    @Test("matrices are converted like the quantiser; vectors and rows of partial blocks keep their format")
    func conversion() throws {
        let source = try writeSource(.f32)
        let packer = try Packer(Checkpoint.open(source), options: PackOptions(format: .q8_0))
        #expect(packer.keptTensorNames == ["t1.weight", "t2.weight", "t4.weight", "t5.weight"])
        try packer.write(to: path("packed"), progress: { _ in }, isCancelled: { false })
        let packed = try Checkpoint.open(path("packed"))
        let formats = try packed.tensorNames.map { try packed.tensor($0).format }
        #expect(formats == [.q8_0, .f32, .f32, .f32, .f32, .f32])
        let values = try Checkpoint.open(source).tensor("t0.weight").withBytes { Array($0.bindMemory(to: Float.self)) }
        var expected = [UInt8](repeating: 0, count: values.count / 32 * 34)
        values.withUnsafeBufferPointer { Quantizer.encode($0, as: .q8_0, to: &expected) }
        #expect(try packed.tensor("t0.weight").withBytes { Array($0) } == expected)
    }

    @Test("a tied model with an lm_head in another format is no longer tied")
    func ownHead() throws {
        let options = PackOptions(lmHeadFormat: .q8_0, embeddingFormat: .f16)
        try Self.pack(Goldens.url("dmtd/qwen3-tied").path, to: path("packed"), options)
        let packed = try Checkpoint.open(path("packed"))
        #expect(packed.configuration.objectValue?["tie_word_embeddings"]?.boolValue == false)
        #expect(try packed.tensor("lm_head.weight").format == .q8_0)
        #expect(try packed.tensor("model.embed_tokens.weight").format == .f16)
    }

    @Test("the embedding or lm_head can keep its format while matrices are converted")
    func keptEnds() throws {
        let tied = Goldens.url("dmtd/qwen3-tied").path
        var options = PackOptions(format: .q8_0)
        options.keepsEmbedding = true
        try Self.pack(tied, to: path("embedding"), options)
        let embedding = try Checkpoint.open(path("embedding"))
        #expect(try embedding.tensor("model.embed_tokens.weight").format == .f32)
        #expect(try embedding.tensor("model.layers.0.mlp.up_proj.weight").format == .q8_0)
        #expect(!embedding.hasTensor("lm_head.weight"))

        options.keepsEmbedding = false
        options.keepsLMHead = true
        try Self.pack(tied, to: path("head"), options)
        let head = try Checkpoint.open(path("head"))
        #expect(try head.tensor("model.embed_tokens.weight").format == .q8_0)
        #expect(try head.tensor("lm_head.weight").format == .f32)
    }

    @Test("values that blocks cannot represent are refused, and nothing is written")
    func notFinite() throws {
        let source = try writeSource(.f32)
        var file = try directory.read("source/model.safetensors")
        file.replaceSubrange(file.count - 100_000..<file.count - 99_992, with: [0, 0, 0xC0, 0x7F, 0, 0, 0x80, 0x7F])
        try directory.write(file, "source/model.safetensors")
        let message = errorMessage {
            try Self.pack(source, to: path("packed"), PackOptions(format: .q4_0, threadCount: 2))
        }
        #expect(
            message == "\(source): tensor 't0.weight': holds values that are not finite; pack it with --format keep")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["source"])
    }

    @Test("a native checkpoint is replaced; anything else is left unchanged")
    func destination() throws {
        let source = try writeSource(.f16)
        try Self.pack(Goldens.url("weights/qwen3.gguf").path, to: path("packed"))
        try Self.pack(source, to: path("packed"))
        #expect(try Self.contents(path("packed")).count == 6)
        for name in ["source", "file"] {
            if name == "file" { try directory.write("x", "file") }
            let message = errorMessage { try Self.pack(source, to: path(name)) }
            #expect(message?.hasPrefix("\(path(name)): cannot be written: something else is there") == true)
        }
        #expect(try Self.contents(source).count == 6)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == [
                "file", "packed", "source",
            ])
    }

    @Test("an empty directory is used, and a link stays a link")
    func emptyAndLinked() throws {
        let source = Goldens.url("weights/qwen3.gguf").path
        try FileManager.default.createDirectory(atPath: path("real"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: path("link"), withDestinationPath: path("real"))
        try Self.pack(source, to: path("real") + "/")
        try Self.pack(source, to: path("link"), PackOptions(format: .f32))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path("link")) == path("real"))
        #expect(try Checkpoint.open(path("real")).tensor("lm_head.weight").format == .f32)
    }

    @Test("cancelling leaves no files and keeps the old checkpoint")
    func cancelled() throws {
        let source = try writeSource(.f32)
        try Self.pack(Goldens.url("weights/qwen3.gguf").path, to: path("packed"))
        let before = try Self.contents(path("packed"))
        let packer = try Packer(Checkpoint.open(source), options: PackOptions())
        var calls = 0
        #expect(throws: CheckpointError.cancelled) {
            try packer.write(to: path("packed"), progress: { _ in calls += 1 }, isCancelled: { calls > 0 })
        }
        #expect(try Self.contents(path("packed")) == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["packed", "source"])
    }
}
