import Foundation
import TestSupport
import Testing

/// `--prompt-cache` and `volley cache`.
struct CacheCommandTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private var path: String { directory.path + "/cache" }

    private func answer(_ options: [String]) throws -> Command {
        let ids = (0..<600).map { "\($0 * 7 % 900 + 3)" }.joined(separator: ",")
        return try Command.run(
            ["generate", "--prompt-ids", ids, "--max-tokens", "12", "--json", "--ignore-eos", "--greedy"] + options)
    }

    private func field(_ name: String, of command: Command) throws -> NSObject? {
        let document = try JSONSerialization.jsonObject(with: command.output) as? [String: Any]
        return (document?[name] ?? (document?["stats"] as? [String: Any])?[name]) as? NSObject
    }

    @Test(
        "a second run reads what the first has not, and writes the same tokens", arguments: ["f16", "q8_0", "q8_0/f16"])
    func reuse(_ format: String) throws {
        let plain = try answer(["--kv", format])
        let cached = try (0..<2).map { _ in try answer(["--kv", format, "--prompt-cache", path]) }
        for command in cached { #expect(try field("tokens", of: command) == field("tokens", of: plain)) }
        #expect(try field("prefill_tokens", of: cached[0]) == 600 as NSNumber)
        // The embedded model's float weights are cached by passes of 512.
        #expect(try field("prefill_tokens", of: cached[1]) == 88 as NSNumber)
    }

    @Test("list, verify and clear")
    func commands() throws {
        #expect(try answer(["--prompt-cache", path]).status == 0)
        try directory.write("mine", "cache/notes.txt")
        let list = try Command.run(["cache", "list", path])
        #expect(list.text.contains("512") && list.text.contains("1 chunks, "))
        #expect(try Command.run(["cache", "verify", path]).text == "\(path): 1 chunks, every checksum is right\n")
        let name = try #require(FileManager.default.contentsOfDirectory(atPath: path).first { $0.hasSuffix(".kv") })
        var bytes = try directory.read("cache/" + name)
        bytes[bytes.count / 2] ^= 1
        try directory.write(bytes, "cache/" + name)
        let verify = try Command.run(["cache", "verify", path])
        #expect(verify.status == 1)
        #expect(verify.errors == "volley: \(path)/\(name): a part of it does not have its checksum\n")
        #expect(try Command.run(["cache", "clear", path]).text.hasPrefix("removed 1 chunks, "))
        #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["notes.txt"])
    }

    @Test("bad directories and sizes get one sentence")
    func refusals() throws {
        let file = try directory.write("", "file")
        for (arguments, status, sentence) in [
            (["generate", "--prompt-cache", file, "Hi"], 1, "\(file): is not a directory"),
            (["generate", "--prompt-cache", file + "/x", "Hi"], 1, "\(file)/x: cannot be made"),
            (["generate", "--cache-size", "1GB", "Hi"], 64, "give '--prompt-cache' too"),
            (["generate", "--prompt-cache", path, "--cache-size", "0", "Hi"], 64, "'0' is invalid for '--cache-size"),
            (["cache", "list", path + "/none"], 1, "cannot be read as a directory"),
            (["cache", "verify", file], 1, "cannot be read as a directory"),
            (["cache", "clear", path + "/none"], 1, "cannot be read as a directory"),
        ] as [([String], Int32, String)] {
            let command = try Command.run(arguments)
            #expect(command.status == status, "\(arguments)")
            #expect(command.errors.contains(sentence), "\(command.errors)")
            #expect(command.output.isEmpty)
        }
    }
}
