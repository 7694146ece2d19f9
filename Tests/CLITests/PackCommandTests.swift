import Foundation
import TestSupport
import Testing
import Volley

/// The commands pack, unpack, inspect and verify.
struct PackCommandTests {
    private let directory: TemporaryDirectory
    private static let model = Goldens.url("dmtd/qwen3-untied-bf16-sharded").path

    init() throws { directory = try TemporaryDirectory() }

    private var packed: String { directory.path + "/packed" }

    private func volley(_ arguments: String...) throws -> Command { try Command.run(arguments) }

    private func generated(_ path: String) throws -> [Int] {
        try GenerateTests.report(["--model", path, "--prompt-ids", "1,2,3", "--mtd", "3", "--max-tokens", "20"]).tokens
    }

    @Test("a packed checkpoint generates, verifies and unpacks, with the same tokens throughout")
    func theWholeWay() throws {
        let pack = try volley("pack", Self.model, packed, "--shard-size", "300KiB")
        #expect((pack.status, pack.text, pack.errors) == (0, "", ""))
        let verify = try volley("verify", packed)
        #expect(verify.status == 0)
        #expect(verify.text.hasSuffix("tensors, every checksum and shape is right\n"))
        #expect(try volley("unpack", packed, directory.path + "/unpacked").status == 0)
        let tokens = try generated(Self.model)
        #expect(tokens.count == 20)
        #expect(try generated(packed) == tokens)
        #expect(try generated(directory.path + "/unpacked") == tokens)
    }

    @Test("inspect shows the same for every kind, except for the stored size")
    func inspect() throws {
        _ = try volley("pack", Self.model, packed)
        struct Document: Decodable {
            let kind: String
            let layers, trunk_layers, head_layers, parameters, bytes, stored_bytes: Int
            let bytes_per_token: [String: Double]
        }
        let documents = try [Self.model, packed].map {
            try JSONDecoder().decode(Document.self, from: volley("inspect", $0, "--json").output)
        }
        #expect(documents.map(\.kind) == ["huggingFace", "native"])
        #expect(Set(documents.map(\.parameters)).count == 1 && Set(documents.map(\.bytes)).count == 1)
        #expect(documents[0].stored_bytes == documents[0].bytes)
        #expect(documents[1].stored_bytes < documents[1].bytes * 9 / 10)
        #expect(documents[0].trunk_layers + documents[0].head_layers == documents[0].layers)
        let rates = documents[0].bytes_per_token
        #expect(try #require(rates["6"]) < #require(rates["2"]) && #require(rates["2"]) < #require(rates["off"]))
        let table = try volley("inspect", packed, "--tensors").text
        #expect(table.contains("model.layers.0.self_attn.q_proj.weight"))
        #expect(!table.contains("\u{1B}"))
    }

    @Test("pack joins a head for cycles to its model and splits them again; inspect and verify show both")
    func heads() throws {
        let (model, head) = (Goldens.url("dmtd/qwen3-tied").path, Goldens.url("dmtd/qwen3-tied-head").path)
        let (small, part) = (directory.path + "/small", directory.path + "/part")
        func tokens(_ arguments: String...) throws -> [Int] {
            try GenerateTests.report(["--prompt-ids", "1,2,3", "--mtd", "4", "--max-tokens", "24"] + arguments).tokens
        }
        #expect(try volley("pack", head, small, "--format", "q8_0").errors == "")
        #expect(try volley("pack", model, packed, "--head", small, "--format", "bf16").status == 0)
        let verified = try volley("verify", packed)
        #expect(verified.status == 0 && verified.text.hasSuffix("every checksum and shape is right\n"))
        #expect(try volley("verify", small).text.hasSuffix("every checksum is right; shapes need the model\n"))

        // The head keeps its own format, and a joined directory decodes as its parts do.
        #expect(try volley("pack", packed, part, "--part", "head").status == 0)
        #expect(try volley("inspect", part).text.contains("in q8_0"))
        let together = try tokens("--model", packed)
        #expect(try volley("pack", packed, directory.path + "/model", "--part", "model").status == 0)
        #expect(try together == tokens("--model", directory.path + "/model", "--head", part))
        #expect(try together == tokens("--model", directory.path + "/model", "--head", packed))
        #expect(try volley("inspect", directory.path + "/model").text.contains("head for cycles") == false)

        struct Document: Decodable {
            struct Head: Decodable { let made_for: String?, layers: Int, trained_factor: Int? }
            let cycle_head: Head?
        }
        let document = try JSONDecoder().decode(Document.self, from: volley("inspect", packed, "--json").output)
        #expect(document.cycle_head?.made_for == "qwen3-tied" && document.cycle_head?.layers == 8)
        #expect(try volley("inspect", packed).text.contains("head for cycles"))
        let alone = try JSONDecoder().decode(Document.Head.self, from: volley("inspect", small, "--json").output)
        #expect(alone.trained_factor == 6)

        let unpacked = try volley("unpack", packed, directory.path + "/unpacked")
        #expect(unpacked.status == 0 && unpacked.errors.contains("the head for cycles is left out"))
        #expect(try tokens("--model", directory.path + "/unpacked", "--head", small) == together)
    }

    @Test("a head that does not belong, or is not there, is refused before anything is written")
    func foreignHeads() throws {
        let head = Goldens.url("dmtd/qwen3-tied-head").path
        let refused: [([String], String)] = [
            (["pack", Self.model, packed, "--head", head], "is the head of qwen3-tied"),
            (["pack", Self.model, packed, "--head", Self.model], "has no head of its own for cycles"),
            (["pack", Self.model, packed, "--part", "head"], "has no head of its own for cycles"),
            (["pack", head, packed, "--part", "model"], "without a model"),
            (["pack", Self.model, packed, "--part", "head", "--head", head], "give one of them"),
            (["unpack", head, packed], "without a model"),
            (["generate", "--model", head, "--prompt-ids", "1"], "without a model"),
        ]
        for (arguments, message) in refused {
            let command = try Command.run(arguments)
            #expect(command.status != 0 && command.errors.contains(message), "\(arguments): \(command.errors)")
            #expect(!FileManager.default.fileExists(atPath: packed))
        }
    }

    @Test("verify names the tensor and the shard, and fails")
    func verify() throws {
        _ = try volley("pack", Self.model, packed, "--compress", "none")
        var bytes = try directory.read("packed/weights-00001.bin")
        bytes[5000] ^= 1
        bytes[bytes.count - 5] ^= 1
        try directory.write(bytes, "packed/weights-00001.bin")
        let verify = try volley("verify", packed)
        #expect(verify.status == 1)
        #expect(verify.text.isEmpty)
        let lines = verify.errors.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { $0.hasPrefix("volley: \(packed)/weights-00001.bin: tensor '") }, "\(verify.errors)")
        let generate = try volley("generate", "--model", packed, "--prompt-ids", "1")
        #expect(generate.status == 1)
        #expect(generate.errors.contains("weights-00001.bin: tensor '"))
    }

    @Test("a failure gives one sentence and leaves no files")
    func refusals() throws {
        try directory.write("mine", "file")
        let cases: [(arguments: [String], status: Int32, message: String)] = [
            (["pack", "/nowhere", packed], 1, "/nowhere"),
            (["pack", Self.model, directory.path + "/file"], 1, "something else is there"),
            (["pack", Self.model, directory.path], 1, "something else is there"),
            (["pack", Self.model, packed + "/deep/er"], 1, "cannot be written: No such file or directory"),
            (["pack", Self.model, packed, "--format", "q9_0"], 64, "'q9_0' is invalid for '--format"),
            (["pack", Self.model, packed, "--format", "q4_K"], 64, "'q4_K' is invalid for '--format"),
            (["pack", Self.model, packed, "--compress", "zip"], 64, "'zip' is invalid for '--compress"),
            (["pack", Self.model, packed, "--shard-size", "0"], 64, "'0' is invalid for '--shard-size"),
            (["pack", Self.model, packed, "--shard-size", "-1"], 64, "--shard-size"),
            (["pack", Self.model, packed, "--shard-size", "9999999999GiB"], 64, "is invalid for '--shard-size"),
            (["pack", Self.model, packed, "--threads", "0"], 64, "thread count is 0"),
            (["unpack", Self.model, directory.path], 1, "something else is there"),
            (["unpack", "/nowhere", packed], 1, "/nowhere"),
            (["verify", "/nowhere"], 1, "/nowhere"),
            (["inspect", "/nowhere"], 1, "/nowhere"),
            (["inspect", Self.model, "--head-layers", "99"], 1, "99"),
        ]
        for (arguments, status, message) in cases {
            let command = try Command.run(arguments)
            #expect(command.status == status, "\(arguments): \(command.errors)")
            #expect(command.errors.contains(message), "\(arguments): \(command.errors)")
            #expect(command.output.isEmpty, "\(arguments)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["file"])
    }

    @Test("a full disk leaves only the old checkpoint")
    func fullDisk() throws {
        _ = try volley("pack", Self.model, packed, "--format", "q8_0")
        let before = try generated(packed)
        // ThreadSanitizer needs larger files.
        guard try limited("--version").status == 0 else { return }
        let pack = try limited("pack '\(Self.model)' '\(packed)'")
        #expect(pack.status == 1)
        #expect(
            pack.errors.contains("cannot be written: File too large; check the free space and the permissions"),
            "\(pack.errors)")
        #expect(try generated(packed) == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["packed"])
    }

    /// Runs volley with a file size limit of 100 KiB. The signal is ignored, so that writing fails as on a full disk.
    private func limited(_ arguments: String) throws -> (status: Int32, errors: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "trap '' XFSZ; ulimit -f 200; exec '\(Command.executable.path)' \(arguments)"]
        let errors = Pipe()
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        try process.run()
        let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test("kill -9 at any time leaves the old checkpoint or the new one")
    func killed() throws {
        let formats = ["bf16", "q8_0"]
        let start = ContinuousClock.now
        _ = try volley("pack", Self.model, packed, "--format", formats[0])
        let duration = ContinuousClock.now - start
        var random = SeededGenerator(seed: 9)
        var counts = [0, 0]
        for round in 0..<60 {
            let process = Process()
            process.executableURL = Command.executable
            process.arguments = [
                "pack", Self.model, packed, "--format", formats[(round + 1) % 2], "--compress", "none",
            ]
            process.standardError = FileHandle.nullDevice
            try process.run()
            let delay = Double.random(in: 0...1.2, using: &random) * (duration / .seconds(1))
            Thread.sleep(forTimeInterval: delay)
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            let checkpoint = try Checkpoint.open(packed)
            #expect(checkpoint.faults(threadCount: 1, progress: { _ in }).isEmpty, "round \(round)")
            let format = try checkpoint.tensor("lm_head.weight").format.rawValue
            #expect(formats.contains(format))
            counts[process.terminationReason == .exit ? 1 : 0] += 1
        }
        #expect(counts[0] > 0, "some are killed: \(counts)")
        _ = try volley("pack", Self.model, packed)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["packed"], "leftovers are removed")
    }
}
