import Foundation
import TestSupport
import Testing

/// Pipes, devices and closed descriptors as the three standard streams.
struct StandardStreamTests {
    /// Runs a line of bash in which `$0` is the program.
    private static func shell(_ line: String, _ arguments: [String] = []) throws -> Command {
        try Command.run(
            ["-c", line, Command.executable.path] + arguments, program: URL(fileURLWithPath: "/bin/bash"))
    }

    private struct Report: Decodable {
        let promptTokens: [Int]
    }

    private static func promptTokens(_ command: Command) throws -> [Int] {
        #expect(command.status == 0, "\(command.errors)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Report.self, from: command.output).promptTokens
    }

    private static let one = #""$0" generate --raw --json --mtd off --max-tokens 1"#

    @Test(
        "an argument and piped text are one prompt: the argument, a blank line, the text",
        arguments: [#"printf 'PIPED' | \#(one) Repeat"#, #"\#(one) Repeat < <(printf PI; sleep 0.3; printf PED)"#])
    func combined(_ line: String) throws {
        let together = try Self.promptTokens(Self.shell(#"\#(Self.one) $'Repeat\n\nPIPED' < /dev/null"#))
        #expect(try Self.promptTokens(Self.shell(line)) == together)
    }

    @Test("a redirected file counts as piped text, and an empty file as none")
    func file() throws {
        let directory = try TemporaryDirectory()
        let text = try directory.write("PIPED", "text")
        let empty = try directory.write("", "empty")
        let line = #"\#(Self.one) Repeat < "$1""#
        let alone = try Self.promptTokens(Self.shell(#"\#(Self.one) Repeat < /dev/null"#))
        let together = try Self.promptTokens(Self.shell(#"\#(Self.one) $'Repeat\n\nPIPED' < /dev/null"#))
        #expect(try Self.promptTokens(Self.shell(line, [text])) == together)
        #expect(try Self.promptTokens(Self.shell(line, [empty])) == alone)
    }

    @Test(
        "a pipe that nobody writes to holds nothing up, and that is said; nor do a closed input and /dev/null, silently",
        arguments: [("< <(exec sleep 15)", true), ("< <(true)", false), ("<&-", false), ("< /dev/null", false)])
    func silent(_ input: String, _ isSaid: Bool) throws {
        // The shell measures the time, because the test's own process also waits for `sleep`.
        let command = try Self.shell("exec \(input); \(Self.one) Repeat && [ $SECONDS -lt 14 ]")
        let alone = try Self.promptTokens(Self.shell("\(Self.one) Repeat < /dev/null"))
        #expect(try Self.promptTokens(command) == alone)
        #expect(command.errors.contains("nothing came from standard input in 3 s") == isSaid, "\(command.errors)")
    }

    @Test("a file that a loop reads line by line is not read")
    func loop() throws {
        let directory = try TemporaryDirectory()
        let lines = try directory.write("one\ntwo\nthree\n", "lines")
        let command = try Self.shell(
            #"while read -r line; do "$0" generate --raw --mtd off --max-tokens 1 "$line" > /dev/null; echo "$line"; done < "$1""#,
            [lines])
        #expect(command.text == "one\ntwo\nthree\n")
        #expect(command.errors.contains("standard input is a file that another program reads from"))
    }

    @Test(
        "piped text that a command does not read is said",
        arguments: ["generate --prompt-ids 5 --max-tokens 1 --json", "tokenize a", "compare --rounds 1 a"])
    func unread(_ arguments: String) throws {
        let command = try Self.shell("printf PIPED | \"$0\" \(arguments)")
        #expect(command.status == 0)
        #expect(command.errors.contains("volley: the text from standard input is not read: "), "\(command.errors)")
        let other = try Self.shell("true | \"$0\" \(arguments)")
        #expect(!other.errors.contains("standard input"), "\(other.errors)")
    }

    @Test("a directory as standard input gives one sentence")
    func directory() throws {
        let command = try Self.shell(#""$0" generate < /"#)
        #expect(command.status == 1)
        #expect(command.errors.split(separator: "\n").count == 1)
    }

    #if os(Linux)
        @Test(
            "a full device is named by the system's reason, whatever command writes to it",
            arguments: [
                "generate --prompt-ids 5 --max-tokens 5", "generate --prompt-ids 5 --max-tokens 5 --json", "tokenize a",
                "inspect", "inspect --json", "--help", "--version", "help generate", "verify",
            ])
        func fullDevice(_ arguments: String) throws {
            let command = try Self.shell("\"$0\" \(arguments) > /dev/full")
            #expect(command.status == 1)
            #expect(
                command.errors.contains("volley: cannot write standard output: No space left on device\n"),
                "\(command.errors)")
        }

        @Test("a full device as a file is named, and stays a device")
        func fullFile() throws {
            let command = try Self.shell(
                #""$0" generate --prompt-ids 5 --max-tokens 2 --json --dump-logits /dev/full > /dev/null; code=$?; [ -c /dev/full ] && exit $code"#
            )
            #expect(command.status == 1)
            #expect(command.errors == "volley: cannot write /dev/full: No space left on device\n")
        }

        @Test("a device is written to as it is")
        func device() throws {
            let command = try Self.shell(
                #""$0" generate --prompt-ids 5 --max-tokens 2 --json --dump-logits /dev/stdout | wc -c"#)
            #expect(command.status == 0)
            #expect((Int(command.text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0) > 4 * 1000)
        }
    #endif

    @Test("a reader that closes the pipe ends the program with one sentence")
    func closedPipe() throws {
        let command = try Self.shell(
            #"set -o pipefail; "$0" generate --ignore-eos --prompt-ids 5 --mtd off | head -c 1 > /dev/null"#)
        #expect(command.errors == "volley: standard output was closed before everything was written\n")
        #expect(command.status == 1)
    }

    @Test("a closed standard output gives an error, and no file is written in its place")
    func closedOutput() throws {
        let command = try Self.shell(#""$0" generate --prompt-ids 5 --max-tokens 2 >&-"#)
        #expect(command.status == 1)
        #expect(command.errors.contains("cannot write standard output: Bad file descriptor"))
    }

    @Test("a file is replaced atomically, and links to it are kept")
    func wholeFile() throws {
        let directory = try TemporaryDirectory()
        try directory.write("old", "file")
        let link = directory.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: directory.path + "/file")
        let command = try Command.run([
            "generate", "--prompt-ids", "5", "--max-tokens", "2", "--json", "--dump-logits", link,
        ])
        #expect(command.status == 0)
        #expect(try directory.read("file").count > 1000)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["file", "link"])
    }
}
