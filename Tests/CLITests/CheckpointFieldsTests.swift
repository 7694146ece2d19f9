import Foundation
import TestSupport
import Testing

/// Warnings and errors of commands about a checkpoint's fields and tensors.
struct CheckpointFieldsTests {
    private static let ids = [
        "--prompt-ids", "5,77,130", "--max-tokens", "4", "--mtd", "off", "--json", "--ignore-eos",
    ]

    @Test("a directory as downloaded from the hub, with all its other files, gives no warning")
    func published() throws {
        let checkpoint = try AlteredCheckpoint()
        for field in ["num_encoding_layers", "num_thinking_layers", "num_decoding_layers", "mtp_horizon"] {
            checkpoint.configuration[field] = nil
        }
        checkpoint.configuration["transformers_version"] = "4.51.0"
        let path = try checkpoint.write()
        for name in [
            "README.md", "LICENSE", ".gitattributes", "merges.txt", "vocab.json", "special_tokens_map.json",
            "added_tokens.json",
        ] {
            try Data("{}".utf8).write(to: URL(fileURLWithPath: path + "/" + name))
        }
        for arguments in [["verify", path], ["inspect", path]] {
            let command = try Command.run(arguments)
            #expect((command.status, command.errors) == (0, ""), "\(arguments)")
        }
    }

    @Test("every command that loads a model refuses unused tensors, or ignores them if asked")
    func unusedTensors() throws {
        let checkpoint = try AlteredCheckpoint()
        checkpoint.tensors["model.layers.0.self_attn.q_proj.bias"] = AlteredCheckpoint.Tensor(
            [Float](repeating: 1, count: 128), shape: [128])
        let path = try checkpoint.write()
        for arguments in [
            ["generate", "--model", path] + Self.ids, ["verify", path],
            ["bench", "--model", path, "-n", "1", "-r", "1"],
            ["serve", "--model", path, "--port", "0"],
        ] {
            let command = try Command.run(arguments)
            #expect(command.status == 1)
            #expect(command.errors.contains("q_proj.bias': a model of type qwen3 has no use for it"), "\(arguments)")
        }
        for arguments in [
            ["generate", "--model", path] + Self.ids, ["verify", path],
            ["bench", "--model", path, "-n", "1", "-r", "1", "-p", "0", "--mtd", "off"],
        ] {
            #expect(try Command.run(arguments + ["--ignore-unused-tensors"]).status == 0, "\(arguments)")
        }
    }

    @Test("unknown and contradictory fields give one warning, and the result is still printed")
    func warnings() throws {
        let checkpoint = try AlteredCheckpoint()
        checkpoint.configuration["gate_power"] = 2
        let command = try Command.run(["generate", "--model", checkpoint.write()] + Self.ids)
        #expect(command.status == 0)
        #expect(command.errors.components(separatedBy: "gate_power' (2): unknown here").count == 2, "\(command.errors)")
        #expect(!command.text.contains("gate_power"))
    }

    @Test("keys and values that overflow float16 give a sentence that names --kv f32")
    func cacheOverflow() throws {
        let checkpoint = try AlteredCheckpoint()
        checkpoint.overflowAtTokenSeven()
        let path = try checkpoint.write()
        let arguments = ["generate", "--model", path, "--prompt-ids", "5,7,9", "--max-tokens", "2", "--mtd", "off"]
        let command = try Command.run(arguments)
        #expect((command.status, command.text) == (1, ""))
        #expect(command.errors.contains("at position 1 is too large for float16"))
        #expect(try Command.run(arguments + ["--kv", "f32"]).status == 0)
    }
}
