import Foundation
import TestSupport
import Testing

/// A text that a limit cuts gives a notice on standard error.
struct CutNoticeTests {
    private static let ids = ["--prompt-ids", "5,6", "--mtd", "off"]

    private static func errors(_ options: [String]) throws -> String {
        let command = try Command.run(["generate"] + ids + ["--ignore-eos"] + options)
        #expect(command.status == 0, "\(command.errors)")
        return command.errors
    }

    @Test("the notice names --max-tokens")
    func limit() throws {
        #expect(
            try Self.errors(["--max-tokens", "8"])
                == "volley: the text was cut at the limit of 8 tokens (--max-tokens); give a larger --max-tokens for more\n"
        )
        #expect(try Self.errors(["--max-tokens", "1"]).contains("limit of 1 token ("))
    }

    @Test("there is no notice with --json, or if no token was asked for")
    func silence() throws {
        #expect(try Self.errors(["--max-tokens", "8", "--json"]).isEmpty)
        #expect(try Self.errors(["--max-tokens", "0"]).isEmpty)
    }

    @Test("the notice names the context if that is full")
    func context() throws {
        let checkpoint = try AlteredCheckpoint()
        checkpoint.configuration["max_position_embeddings"] = 64
        let path = try checkpoint.write()
        let command = try Command.run(
            ["generate", "--model", path, "--prompt-ids", "1,2", "--mtd", "off", "--ignore-eos"])
        #expect(command.status == 0)
        #expect(command.errors.contains("the context of 64 tokens is full; give a --window to go on beyond it"))
        let windowed = try Command.run([
            "generate", "--model", path, "--prompt-ids", "1,2", "--mtd", "off", "--ignore-eos", "--window", "32",
        ])
        #expect(windowed.errors.contains("the limit of 64 tokens (the context's length)"), "\(windowed.errors)")
    }

    @Test("there is no notice for an answer that ends by itself")
    func ownEnd() throws {
        let command = try Command.run(["generate", "Sort this list: 3 1 2"])
        #expect(command.status == 0)
        #expect(command.errors.isEmpty)
    }

    @Test("an answer of a chat gives the notice too")
    func chat() throws {
        let command = try Command.run(
            ["chat", "--max-tokens", "2", "--mtd", "off"], input: Data("Sort this list: 38 58 10\n".utf8))
        #expect(command.status == 0)
        #expect(command.errors.contains("limit of 2 tokens (--max-tokens)"))
    }
}
