import Foundation
import Models
import Tensors
import TestSupport
import Testing
import Weights

/// A damaged checkpoint gives an error, or can be read to its last byte, without a crash, a hang or excessive memory. A crash
/// leaves the damaged file in the temporary directory.
@Suite(.serialized) struct CheckpointFuzzTests {
    @Test func safetensors() throws {
        let directory = try FuzzDirectory(copying: "dmtd/qwen3-untied-bf16-sharded/config.json", as: "config.json")
        let seed = smallSafetensors()
        try fuzz(0x5AFE, directory, "model.safetensors") { mutator in
            // Half of the files get the correct header length; otherwise few would pass the first check.
            let header = mutator.mutated(seed.header, isText: true)
            guard Bool.random(using: &mutator.random) else {
                return mutator.mutated(withLength(seed.header) + seed.data, isText: true)
            }
            return withLength(header) + seed.data
        }
    }

    /// FP8 codes, their scales and their configuration.
    @Test(arguments: ["model.safetensors", "config.json"])
    func fp8(_ damaged: String) throws {
        let directory = try FuzzDirectory()
        let header = #"""
            {"a.weight":{"dtype":"F8_E4M3","shape":[4,4],"data_offsets":[0,16]},
            "a.weight_scale_inv":{"dtype":"F32","shape":[2,2],"data_offsets":[16,32]}}
            """#
        let data = Array(UInt8(0)..<16) + (1...4).flatMap { scale in withUnsafeBytes(of: Float(scale)) { Array($0) } }
        let configuration = Array(
            String(decoding: try Data(contentsOf: Goldens.url("fp8/config.json")), as: UTF8.self)
                .replacingOccurrences(of: "128", with: "2").utf8)
        try directory.write(configuration, "config.json")
        try directory.write(withLength(Array(header.utf8)) + data, "model.safetensors")
        try fuzz(0xF8, directory, damaged) { mutator in
            if damaged == "config.json" { return mutator.mutated(configuration, isText: true) }
            guard Bool.random(using: &mutator.random) else {
                return withLength(Array(header.utf8)) + mutator.mutated(data, isText: false)
            }
            return withLength(mutator.mutated(Array(header.utf8), isText: true)) + data
        }
    }

    @Test(arguments: ["llama.gguf", "qwen3.gguf", "mixed.gguf"])
    func gguf(_ name: String) throws {
        let directory = try FuzzDirectory()
        let seed = try Array(Data(contentsOf: Goldens.url("weights/\(name)")))
        // The header is small and describes everything else: most changes go there.
        let headerEnd = 2048
        try fuzz(0x66F, directory, "model.gguf") { mutator in
            guard Int.random(in: 0..<10, using: &mutator.random) > 0 else {
                return mutator.mutated(seed, isText: false)
            }
            return mutator.mutated(Array(seed[..<headerEnd]), isText: false) + seed[headerEnd...]
        }
    }

    /// Keys for scalings and other features, placed before the golden file's own.
    @Test func ggufKeys() throws {
        let directory = try FuzzDirectory()
        let golden = try Array(Data(contentsOf: Goldens.url("weights/qwen3.gguf")))
        let keys = Self.scalingKeys
        let count = golden[16] + UInt8(keys.count)
        let seed = golden[..<16] + [count] + golden[17..<24] + keys.flatMap(\.self) + golden[24...]
        let headerEnd = 24 + keys.reduce(0) { $0 + $1.count }
        try fuzz(0x6E5, directory, "model.gguf") { mutator in
            mutator.mutated(Array(seed[..<headerEnd]), isText: false) + seed[headerEnd...]
        }
    }

    /// Together a multiple of 32 bytes, so that the data stays aligned.
    private static var scalingKeys: [[UInt8]] {
        func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
            withUnsafeBytes(of: number.littleEndian) { Array($0) }
        }
        func text(_ text: String) -> [UInt8] { bytes(UInt64(text.utf8.count)) + Array(text.utf8) }
        func number(_ key: String, _ value: Float) -> [UInt8] {
            text("qwen3." + key) + bytes(UInt32(6)) + bytes(value.bitPattern)
        }
        var keys = [
            text("general.type") + bytes(UInt32(8)) + text("model"),
            text("qwen3.rope.scaling.type") + bytes(UInt32(8)) + text("yarn"),
            number("rope.scaling.factor", 4), number("rope.scaling.attn_factor", 0.9),
            number("rope.scaling.yarn_beta_fast", 32), number("rope.scaling.yarn_log_multiplier", 0.1),
            number("attention.scale", 0.25), number("logit_scale", 1), number("unheard_of", 2),
            text("qwen3.attention.causal") + bytes(UInt32(7)) + [1],
            text("qwen3.rope.dimension_sections") + bytes(UInt32(9)) + bytes(UInt32(5)) + bytes(UInt64(4))
                + [UInt8](repeating: 0, count: 16),
        ]
        let filler = text("general.x") + bytes(UInt32(8)) + text("")
        let count = keys.reduce(filler.count) { $0 + $1.count }
        keys.append(text("general.x") + bytes(UInt32(8)) + text(String(repeating: " ", count: 32 - count % 32)))
        return keys
    }

    @Test func index() throws {
        let directory = try FuzzDirectory(copying: "dmtd/qwen3-untied-bf16-sharded/config.json", as: "config.json")
        let shard = smallSafetensors()
        try directory.write(withLength(shard.header) + shard.data, "one.safetensors")
        try directory.write(withLength(shard.header) + shard.data, "two.safetensors")
        let seed = Array(
            #"{"metadata":{"total_size":48},"weight_map":{"a":"one.safetensors","b.weight":"two.safetensors"}}"#.utf8)
        try fuzz(0x1DE, directory, "model.safetensors.index.json") { $0.mutated(seed, isText: true) }
    }

    @Test(arguments: ["dmtd/qwen3-tied", "dmtd/llama-ropescaled", "yarn"])
    func configuration(_ name: String) throws {
        let directory = try FuzzDirectory()
        let shard = smallSafetensors()
        try directory.write(withLength(shard.header) + shard.data, "model.safetensors")
        let seed = try Array(Data(contentsOf: Goldens.url("\(name)/config.json")))
        try fuzz(0xC0F, directory, "config.json") { $0.mutated(seed, isText: true) }
    }

    /// Changed manifests get a new checksum; otherwise the checksum would be the only check that fails.
    @Test(arguments: [PackOptions.Compression.lz4, .none])
    func manifest(_ compression: PackOptions.Compression) throws {
        let directory = try FuzzDirectory()
        try pack(to: directory.path + "/packed", compression)
        let name = "packed/manifest.json"
        let seed = try ManifestSeal.opened(Array(Data(contentsOf: URL(fileURLWithPath: directory.path + "/" + name))))
        try fuzz(0x3A2, directory, name) { ManifestSeal.sealed($0.mutated(seed, isText: true)) }
    }

    /// Checksums are not verified, so that damaged LZ4 frames are decoded.
    @Test func frames() throws {
        let directory = try FuzzDirectory()
        try pack(to: directory.path + "/packed", .lz4)
        let name = "packed/weights-00001.lz4"
        let seed = try Array(Data(contentsOf: URL(fileURLWithPath: directory.path + "/" + name)))
        try fuzz(0xF2A, directory, name) { mutator in
            // A wrong size would be refused before a frame is read.
            let bytes = mutator.mutated(seed, isText: false)
            return Array((bytes + seed.suffix(max(0, seed.count - bytes.count))).prefix(seed.count))
        }
    }

    private func pack(to path: String, _ compression: PackOptions.Compression) throws {
        try Packer(
            Checkpoint.open(Goldens.url("weights/qwen3.gguf").path), options: PackOptions(compression: compression)
        ).write(to: path, progress: { _ in }, isCancelled: { false })
    }

    private func fuzz(
        _ seed: UInt64, _ directory: FuzzDirectory, _ file: String, _ damage: (inout FileMutator) -> [UInt8]
    ) throws {
        var opened = 0
        var slowest = Duration.zero
        let memoryBefore = peakMemory()
        for round in 0..<fuzzRounds {
            var mutator = FileMutator(seed: seed &+ UInt64(round) << 16)
            try directory.write(damage(&mutator), file)
            let path =
                file.hasSuffix(".gguf")
                ? directory.path + "/" + file : directory.path + (file.hasPrefix("packed/") ? "/packed" : "")
            let time = ContinuousClock().measure {
                do {
                    try walk(path)
                    opened += 1
                } catch {
                    #expect(error is CheckpointError || error is ConfigurationError, "round \(round): \(error)")
                    #expect("\(error)".utf8.count < 2000, "round \(round): \(error)")
                }
            }
            slowest = max(slowest, time)
        }
        let memory = peakMemory() - memoryBefore
        print(
            "\(file): \(fuzzRounds) rounds, \(opened) opened, slowest \(slowest), peak memory grew \(memory >> 20) MiB")
        #expect(slowest < .seconds(2))
        #expect(memory < 256 << 20)
        #expect(opened > 0 && opened < fuzzRounds, "the changes should be neither always harmless nor always fatal")
    }

    /// Opens a checkpoint, and reads the first and last byte of every tensor that it lists.
    private func walk(_ path: String) throws {
        let checkpoint = try Checkpoint.open(path).loaded(threadCount: 1, checksTensors: false)
        for name in checkpoint.tensorNames {
            guard let tensor = try? checkpoint.tensor(name) else { continue }
            let rowBytes = tensor.format.rowByteCount(columns: tensor.shape.last ?? 1)
            let expected = tensor.shape.dropLast().reduce(rowBytes ?? -1, *)
            #expect(tensor.bytes.count == expected, "\(name)")
            let ends = tensor.withBytes { [$0.first, $0.last] }
            #expect(tensor.bytes.isEmpty || !ends.contains(nil))
        }
        let configuration = try ModelConfiguration(checkpoint.configuration)
        #expect(configuration.rope.inverseFrequencies().count == configuration.headWidth / 2)
        #expect(configuration.trunkLayerCount + configuration.headLayerCount == configuration.layerCount)
    }

    /// Peak memory of the process, in bytes.
    private func peakMemory() -> Int {
        var usage = rusage()
        // 0 is RUSAGE_SELF, which has another type on every system.
        getrusage(0, &usage)
        #if os(Linux)
            return usage.ru_maxrss * 1024
        #else
            return usage.ru_maxrss
        #endif
    }

    private func smallSafetensors() -> (header: [UInt8], data: [UInt8]) {
        let header = #"""
            {"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,4],"data_offsets":[0,32]},
            "b.weight":{"dtype":"BF16","shape":[2,2],"data_offsets":[32,40]},
            "c":{"dtype":"F16","shape":[4],"data_offsets":[40,48]}}
            """#
        return (Array(header.utf8), Array(0..<48))
    }

    private func withLength(_ header: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
    }
}

/// A directory for damaged files, removed unless the process crashes.
private final class FuzzDirectory {
    let path = NSTemporaryDirectory() + "volley-fuzz-" + UUID().uuidString

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    convenience init(copying golden: String, as name: String) throws {
        try self.init()
        try write(Array(Data(contentsOf: Goldens.url(golden))), name)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
    }
}
