import Foundation
import Tensors
import TestSupport
import Testing
import Weights

/// Damage to a native checkpoint is found and reported with the file and the tensor.
struct DamagedNativeTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private var path: String { directory.path + "/packed" }

    private func pack(_ compression: PackOptions.Compression, shardByteCount: Int = 10_000) throws {
        try PackTests.pack(
            Goldens.url("weights/qwen3.gguf").path, to: path,
            PackOptions(compression: compression, shardByteCount: shardByteCount))
    }

    /// The error of opening or verifying; nil if there is none.
    private func fault() -> String? {
        do {
            return try Checkpoint.open(path).faults(threadCount: 1, progress: { _ in }).first?.description
        } catch {
            return error.description
        }
    }

    /// Packs a small model: compressible planes, a stored frame and a vector, in two shards, with a tokenizer.
    private func packLittle(_ compression: PackOptions.Compression) throws {
        var writer = GGUFWriter.llama()
        writer.add("a", [32, 8], ggufType(.f16), (0..<256).flatMap { [UInt8($0 * 7 % 256), 0x3C] })
        writer.add("b", [32, 6], ggufType(.q8_0), (0..<204).map { UInt8($0 * 151 % 256) })
        writer.add("c", [5], ggufType(.f32), [UInt8](repeating: 0x3F, count: 20))
        let source = try directory.write(writer.bytes(), "source.gguf")
        try PackTests.pack(source, to: path, PackOptions(compression: compression, shardByteCount: 300))
    }

    @Test("any changed byte in any file is found", arguments: [PackOptions.Compression.lz4, .none])
    func everyByte(_ compression: PackOptions.Compression) throws {
        try packLittle(compression)
        #expect(fault() == nil)
        var random = SeededGenerator(seed: 21)
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        #expect(names.count == 4)
        for name in names {
            var bytes = try directory.read("packed/" + name)
            for index in bytes.indices {
                // 0x20 changes only the case of letters, which a lenient parser might miss.
                let flip = Bool.random(using: &random) ? 0x20 : UInt8.random(in: 1...255, using: &random)
                bytes[index] ^= flip
                try directory.write(bytes, "packed/" + name)
                #expect(fault() != nil, "\(name), byte \(index), flipped by \(flip)")
                bytes[index] ^= flip
            }
            try directory.write(bytes, "packed/" + name)
        }
        #expect(fault() == nil)
    }

    @Test("every truncation is found", arguments: [PackOptions.Compression.lz4, .none])
    func truncated(_ compression: PackOptions.Compression) throws {
        try pack(compression)
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            let bytes = try directory.read("packed/" + name)
            for count in Set(stride(from: 0, to: bytes.count, by: 97)).union([bytes.count - 1]) {
                try directory.write(Array(bytes[..<count]), "packed/" + name)
                #expect(fault() != nil, "\(name), cut to \(count) bytes")
            }
            try directory.write(bytes + [0], "packed/" + name)
            #expect(fault() != nil, "\(name) with a byte more")
            try directory.write(bytes, "packed/" + name)
        }
    }

    @Test("loading refuses a flipped bit, naming tensor and shard")
    func loading() throws {
        try pack(.none)
        var bytes = try directory.read("packed/weights-00001.bin")
        bytes[1000] ^= 4
        try directory.write(bytes, "packed/weights-00001.bin")
        let message = errorMessage { _ = try Checkpoint.open(path).loaded(threadCount: 2) }
        #expect(
            message
                == "\(path)/weights-00001.bin: tensor 'lm_head.weight': does not have the checksum that the manifest says"
                + Self.damaged)
        #expect(errorMessage { _ = try Checkpoint.open(path).loaded(threadCount: 2, checksTensors: false) } == nil)
    }

    @Test("missing, swapped and linked shards are named")
    func shards() throws {
        try pack(.lz4)
        let (first, second) = ("\(path)/weights-00001.lz4", "\(path)/weights-00002.lz4")
        let files = FileManager.default
        try files.moveItem(atPath: first, toPath: path + "/x")
        #expect(fault()?.hasPrefix("\(first): cannot be read: No such file or directory") == true)
        try files.createSymbolicLink(atPath: first, withDestinationPath: path + "/x")
        #expect(fault()?.hasPrefix("\(first): cannot be read: it is a link") == true)
        try files.removeItem(atPath: first)
        try files.createDirectory(atPath: first, withIntermediateDirectories: true)
        #expect(fault()?.hasPrefix("\(first): cannot be read: not a regular file") == true)
        try files.removeItem(atPath: first)
        try files.moveItem(atPath: second, toPath: first)
        try files.moveItem(atPath: path + "/x", toPath: second)
        #expect(fault()?.hasPrefix("\(first): the whole file: has ") == true)
    }

    @Test("swapped shards of equal size are found by their content")
    func swappedContent() throws {
        try pack(.none, shardByteCount: 1)
        let byteCounts = try Dictionary(
            grouping: FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".bin") },
            by: { try directory.read("packed/" + $0).count })
        let pair = try #require(byteCounts.values.map { $0.sorted() }.first { $0.count > 1 })
        let (first, second) = (try directory.read("packed/" + pair[0]), try directory.read("packed/" + pair[1]))
        #expect(first != second)
        try directory.write(second, "packed/" + pair[0])
        try directory.write(first, "packed/" + pair[1])
        #expect(fault()?.contains("does not have the checksum") == true)
        #expect(errorMessage { _ = try Checkpoint.open(path).loaded(threadCount: 1) } != nil)
    }

    // Contradictory manifests with a valid checksum.

    /// Edits the manifest's text, renews its checksum and returns the error of opening it.
    private func message(_ compression: PackOptions.Compression = .lz4, _ edit: (inout String) -> Void) throws -> String
    {
        try pack(compression)
        let manifest = try directory.read("packed/manifest.json")
        var text = String(decoding: ManifestSeal.opened(manifest), as: UTF8.self)
        let before = text
        edit(&text)
        #expect((text != before) as Bool, "the manifest is another than this test was written for")
        try directory.write(ManifestSeal.sealed(Array(text.utf8)), "packed/manifest.json")
        return (fault() ?? "nothing").replacingOccurrences(of: path + "/manifest.json: ", with: "")
    }

    private static let damaged = "; the file is damaged: download or convert it again"

    @Test("names that leave the directory are refused")
    func names() throws {
        for name in ["../weights-00001.lz4", "/etc/passwd", "a/b", "..", ".", ".hidden", "", "a\\u0000b", "a\\nb"] {
            let message = try message { $0.replace("weights-00001.lz4", with: name) }
            #expect(message == "shards[0].name: is no plain file name" + Self.damaged, "\(name)")
            let file = try self.message { $0.replace("tokenizer.gguf", with: name) }
            #expect(file == "files[0].name: is no plain file name" + Self.damaged, "\(name)")
        }
        #expect(
            try message { $0.replace("weights-00001.lz4", with: "weights-00002.lz4") }
                == "files and shards: name 'weights-00002.lz4' twice" + Self.damaged)
        #expect(
            try message { $0.replace("weights-00001.lz4", with: "manifest.json") }
                == "files and shards: name 'manifest.json' twice" + Self.damaged)
    }

    @Test("other versions and required features are refused by name")
    func versions() throws {
        let remedy = "; update volley, or pack the checkpoint again with this one"
        #expect(
            try message { $0.replace(#""version":1"#, with: #""version":2"#) }
                == "version: is 2, and this program reads 1" + remedy)
        #expect(
            try message { $0.replace(#""requires":[]"#, with: #""requires":["zstd"]"#) }
                == "requires: asks for 'zstd', which this program does not have" + remedy)
        #expect(
            try message { $0.replace("volley-checkpoint", with: "else") }
                == "format: is not 'volley-checkpoint'" + Self.damaged)
    }

    /// Edits the four numbers of the embedding's frame: shard, offset, stored size (843), size (816).
    private func frameMessage(_ lie: (inout [String]) -> Void) throws -> String {
        try message { text in
            let pattern = #/(?<head>"name":"model.embed_tokens.weight".*?"frames":\[\[)(?<numbers>[0-9,]+),"/#
            guard let match = text.firstMatch(of: pattern) else { return }
            var numbers = match.numbers.split(separator: ",").map(String.init)
            lie(&numbers)
            text.replaceSubrange(
                match.numbers.startIndex..<match.numbers.endIndex, with: numbers.joined(separator: ","))
        }
        .replacingOccurrences(of: "tensor 'model.embed_tokens.weight': ", with: "")
    }

    @Test("overlapping, overlong and malformed frames are refused")
    func frames() throws {
        #expect(
            try frameMessage { $0[1] = String((Int($0[1]) ?? 0) - 1) }
                == "shard 'weights-00001.lz4': has frames that overlap, or bytes outside of frames" + Self.damaged)
        for (index, number) in [(1, "99999"), (2, "99999"), (1, "1125899906842623")] {
            #expect(
                try frameMessage { $0[index] = number }
                    == "has a frame that ends beyond its shard 'weights-00001.lz4'" + Self.damaged)
        }
        for (index, number) in [(1, "-1"), (2, "9223372036854775807"), (3, "9223372036854775808"), (3, "0.5")] {
            #expect(try frameMessage { $0[index] = number } == "has no valid size" + Self.damaged)
        }
        for change in [{ $0[0] = "9" }, { $0[0] = "-1" }, { $0[3] = "816,816" }] as [(inout [String]) -> Void] {
            #expect(
                try frameMessage(change)
                    == "has a frame that is no list of shard, offset, two sizes and checksum" + Self.damaged)
        }
        for size in ["0", "8"] {
            #expect(try frameMessage { $0[3] = size } == "has a frame of \(size) bytes" + Self.damaged)
        }
        #expect(
            try frameMessage { $0[3] = "782" } == "has a frame of 843 bytes that cannot hold 782" + Self.damaged)
        let name = #""name":"model.embed_tokens.weight","shape":"#
        #expect(
            try message { $0.replace(name + "[12,64]", with: name + "[13,64]") }
                == "tensor 'model.embed_tokens.weight': its frames hold 816 bytes, but its shape needs 884"
                + Self.damaged)
    }

    @Test("a decompression bomb is refused before memory is allocated")
    func bomb() throws {
        #expect(
            try frameMessage { $0[3] = "4194274" } == "has a frame of 843 bytes that cannot hold 4194274" + Self.damaged
        )
        #expect(try frameMessage { $0[3] = "4194308" } == "has a frame of 4194308 bytes" + Self.damaged)
        let name = #""name":"model.embed_tokens.weight","shape":"#
        #expect(
            try message { $0.replace(name + "[12,64]", with: name + "[4611686018427387904,64]") }
                == "tensor 'model.embed_tokens.weight': has a shape that no tensor of its format can have"
                + Self.damaged)
    }

    @Test("contradictory tensors are refused")
    func tensors() throws {
        let tensor = "tensor 'model.embed_tokens.weight': "
        #expect(
            try message { $0.replace(#""format":"q8_0","filter":"none""#, with: #""format":"q9","filter":"none""#) }
                == tensor + "has no format that is known" + Self.damaged)
        #expect(
            try message { $0.replace(#""format":"q8_0","filter":"none""#, with: #""format":"q8_0","filter":"planes""#) }
                == tensor + "has no filter that goes with its format" + Self.damaged)
        #expect(
            try message(.none) {
                $0.replace(#""format":"f32","filter":"none""#, with: #""format":"f32","filter":"planes""#)
            }
            .contains("has a filter, but lies in a shard that is mapped as it is"))
        #expect(
            try message { $0.replace("model.norm.weight", with: "model.embed_tokens.weight") }
                == "tensors: name 'model.embed_tokens.weight' twice" + Self.damaged)
    }

    @Test("a manifest with a missing or wrong checksum is refused")
    func seal() throws {
        try pack(.lz4)
        let manifest = try directory.read("packed/manifest.json")
        try directory.write(ManifestSeal.opened(manifest) + Array("}".utf8), "packed/manifest.json")
        #expect(fault()?.contains("the end: is not the checksum that a manifest ends with") == true)
        try directory.write("", "packed/manifest.json")
        #expect(fault() != nil)
    }
}

extension String {
    /// Replaces the first occurrence.
    fileprivate mutating func replace(_ text: String, with other: String) {
        if let range = range(of: text) { replaceSubrange(range, with: other) }
    }
}
