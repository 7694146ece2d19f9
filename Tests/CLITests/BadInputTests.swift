import Foundation
import TestSupport
import Testing

/// Invalid input gives one clear sentence and the right exit code.
struct BadInputTests {
    static let model = Goldens.url("dmtd/qwen3-tied").path
    static let narrow = Goldens.url("dmtd/qwen3-untied-bf16-sharded").path
    static let ids = ["--prompt-ids", "1,2,3"]

    static let cases: [(arguments: [String], status: Int32, message: String)] = [
        (["generate", "--model", "/nowhere/at/all"] + ids, 1, "/nowhere/at/all"),
        (["generate", "--model", model] + ids + ["--mtd", "0"], 64, "'0' is invalid for '--mtd"),
        (["generate", "--model", model] + ids + ["--mtd", "17"], 64, "'17' is invalid for '--mtd"),
        (["generate", "--model", model] + ids + ["--mtd", "x"], 64, "'x' is invalid for '--mtd"),
        (["generate", "--model", model] + ids + ["--plan", "mtd:99"], 64, "'mtd:99' is invalid for '--plan"),
        (["generate", "--model", model] + ids + ["--mtd", "2", "--plan", "mtd:2"], 64, "not both"),
        (["generate", "--model", model] + ids + ["--verify"], 64, "give --mtd with a factor from 2 to 16"),
        (["generate", "--model", model] + ids + ["--mtd", "off", "--verify"], 64, "--verify verifies cycles"),
        (["generate", "--model", model] + ids + ["--mtd", "1", "--verify"], 1, "the factor of verified cycles is 1"),
        (
            ["generate", "--model", model] + ids + ["--plan", "verified:17"], 64, "'verified:17' is invalid for '--plan"
        ),
        (["generate", "--model", model] + ids + ["--plan", "adaptive:1"], 64, "'adaptive:1' is invalid for '--plan"),
        (["generate", "--model", model] + ids + ["--plan", "adaptive:4:2"], 64, "'adaptive:4:2' is invalid"),
        (
            ["generate", "--model", model] + ids + ["--plan", "adaptive:4", "--phase", "absolute"], 1,
            "adaptive cycles vary in length, which absolute phase does not allow"
        ),
        (
            ["generate", "--model", model] + ids + [
                "--mtd", "4", "--head-history", "refreshed", "--history", "shadow",
            ], 1,
            "head history refreshed reads every token's trunk output"
        ),
        (
            ["generate", "--model", model] + ids
                + ["--mtd", "4", "--head-history", "refreshed", "--prompt-input", "sum"], 1,
            "give --prompt-input trunk, or --head-history kept"
        ),
        (["generate", "--model", model] + ids + ["--mtd", "4", "--meter"], 1, "give --head-history refreshed"),
        (["generate", "--model", model] + ids + ["--plan", "draft"], 1, "name it by --draft"),
        (["generate", "--model", model] + ids + ["--plan", "ngram:16"], 64, "'ngram:16' is invalid for '--plan"),
        (
            ["generate", "--model", model] + ids + ["--draft", "ngram", "--mtd", "4"], 64,
            "--draft is a plan of its own"
        ),
        (["generate", "--model", model] + ids + ["--draft", "/nowhere"], 1, "/nowhere"),
        (
            ["generate", "--model", model] + ids + ["--verify-rule", "guess"], 64,
            "'guess' is invalid for '--verify-rule"
        ),
        (["generate", "--model", model] + ids + ["--phase", "moon"], 64, "'moon' is invalid for '--phase"),
        (
            ["generate", "--model", model] + ids + ["--prompt-input", "both"], 64,
            "'both' is invalid for '--prompt-input"
        ),
        (["generate", "--model", model] + ids + ["--history", "none"], 64, "'none' is invalid for '--history"),
        (
            ["generate", "--model", model] + ids + ["--prompt-input", "masked"], 1,
            "prompt input masked belongs to absolute phase, but the phase is prompt; give --phase absolute too"
        ),
        (
            ["generate", "--model", model] + ids + ["--phase", "absolute", "--prompt-input", "sum"], 1,
            "prompt input sum belongs to prompt phase, but the phase is absolute; give --phase prompt too"
        ),
        (
            ["compare", "--baseline", model, "a"], 1,
            "the baseline qwen3-tied has a vocabulary of 320 tokens, and volley-5m"
        ),
        (["tune", "--baseline", "/nowhere/at/all", "a"], 1, "/nowhere/at/all"),
        (["generate", "--model", model] + ids + ["--stop", ""], 64, "a stop string is empty"),
        (["generate", "--model", model] + ids + ["--temperature", "-1"], 64, "temperature is -1"),
        (["generate", "--model", model] + ids + ["--top-p", "0"], 64, "top-p is 0"),
        (["generate", "--model", model] + ids + ["--max-tokens", "-1"], 64, "-1"),
        (["generate", "--model", model] + ids + ["--threads", "0"], 1, "thread count is 0"),
        (["generate", "--model", model] + ids + ["--window", "0"], 1, "window is 0"),
        (["generate", "--model", model] + ids + ["--kv", "f8"], 64, "'f8' is invalid for '--kv"),
        (["generate", "--model", model] + ids + ["--kv", "q8_0/q4_0"], 64, "'q8_0/q4_0' is invalid for '--kv"),
        (
            ["generate", "--model", narrow] + ids + ["--kv", "f16/q8_0"], 1,
            "are 24 wide, and --kv f16/q8_0 needs a multiple of 32"
        ),
        (
            ["generate", "--model", model] + ids + ["--activations", "int4"], 64, "'int4' is invalid for '--activations"
        ),
        (["generate", "--model", model] + ids + ["--head-layers", "12"], 1, "12"),
        (["generate", "--model", model] + ids + ["--head-layers", "0"], 1, "0"),
        (["generate", "--model", model] + ids + ["--stop", "a"], 1, "tokenizer.json"),
        (["generate", "--model", model, "--prompt-ids", "1,320"], 1, "token id 320 is outside the vocabulary"),
        (["generate", "--model", model, "--prompt-ids", "-1"], 1, "token id -1 is outside the vocabulary"),
        (["generate", "--model", model, "--prompt-ids", "1,,2"], 64, "'1,,2' is invalid"),
        (["generate", "--model", model, "--prompt-ids", "1,2", "a"], 64, "not both"),
        (["generate", "--model", model, "a"], 1, "has no tokenizer.json"),
        (["generate", "--model", model] + ids + ["--dump-logits", "/nowhere/at/all"], 1, "/nowhere/at/all"),
        (
            [
                "generate", "--model", model, "--prompt-ids",
                [String](repeating: "1", count: 4097).joined(separator: ","),
            ],
            1, "4097 tokens but the model's context holds 4096"
        ),
        (["tokenize", "--model", model, "--tokenizer", model, "a"], 64, "give --model or --tokenizer, not both"),
        (["tokenize", "--tokenizer", "/nowhere", "a"], 1, "/nowhere"),
        (["eval", "--model", model, "--pattern", "("], 64, "'(' is invalid for '--pattern"),
        (["compare", "--model", model, "--rounds", "0", "a"], 64, "--rounds is 0"),
        (["compare", "--model", model, "a"], 1, "has no tokenizer.json"),
        (["eval", "--model", model, "--tasks", "/nowhere.jsonl"], 1, "/nowhere.jsonl: cannot be read"),
        (["eval", "--model", model, "--tasks", model + "/config.json"], 1, "config.json:1: byte"),
        (["eval", "--model", model, "--tasks", "a", "--mtd", "off,x"], 64, "'off,x' is invalid for '--mtd"),
        (["eval", "--model", model, "--tasks", "a", "--metric", "taste"], 64, "'taste' is invalid for '--metric"),
        (["eval", "--model", model, "--tasks", "a", "--limit", "0"], 64, "the limit is 0"),
        (["frobnicate"], 64, "frobnicate"),
    ]

    @Test("an error is one sentence on standard error, with nothing on standard output")
    func messages() throws {
        for (arguments, status, message) in Self.cases {
            let command = try Command.run(arguments)
            #expect(command.status == status, "\(arguments): \(command.errors)")
            #expect(command.errors.contains(message), "\(arguments): \(command.errors)")
            #expect(command.output.isEmpty, "\(arguments)")
            if status == 1 {
                #expect(command.errors.split(separator: "\n").count == 1, "\(arguments): \(command.errors)")
            }
        }
    }

    @Test("text that is not UTF-8 is refused, as an argument and from standard input")
    func notUTF8() throws {
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", #""$0" generate --model "$1" "$(printf 'a\377b')" 2>/dev/null; exit $?"#]
        shell.arguments? += [Command.executable.path, Self.model]
        try shell.run()
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 64)

        let piped = try Command.run(
            ["tokenize", "--tokenizer", Goldens.url("tokenizers/qwen2-style").path], input: Data([0x61, 0xFF, 0x62]))
        #expect(piped.status == 1)
        #expect(piped.errors.contains("not UTF-8 (byte 1)"))
    }

    #if os(Linux)
        @Test(
            "threads that the system refuses are an error, and those it grants suffice for fewer",
            .disabled(if: Command.isSanitized, "a sanitizer's own memory is beyond the limit"))
        func refusedThreads() throws {
            // Stacks of 1 GB in an address space of 16 GB allow about a dozen threads.
            let limited = #"ulimit -s 1000000; ulimit -v 16000000; OPENBLAS_NUM_THREADS=1 exec "$0" "$@""#
            func generate(threads: Int) throws -> Command {
                let arguments = ["generate", "--model", Self.model, "--threads", "\(threads)", "--max-tokens", "2"]
                return try Command.run(
                    ["-c", limited, Command.executable.path] + arguments + Self.ids,
                    program: URL(fileURLWithPath: "/bin/bash"))
            }
            let refused = try generate(threads: 64)
            #expect(refused.status == 1, "\(refused.errors)")
            #expect(refused.errors.contains("of 64 compute threads; ask for fewer"), "\(refused.errors)")
            #expect(refused.output.isEmpty)
            #expect(try generate(threads: 2).status == 0)
        }
    #endif

    @Test("a closed standard output is an error, not a crash")
    func closedOutput() throws {
        let shell = Process()
        let errors = Pipe()
        shell.executableURL = URL(fileURLWithPath: "/bin/bash")
        shell.arguments = [
            "-c",
            #"set -o pipefail; "$0" generate --json --ignore-eos --prompt-ids 1 --mtd off --model "$1" | exec 0<&-"#,
            Command.executable.path, Self.model,
        ]
        shell.standardError = errors
        try shell.run()
        let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 1)
        #expect(text.contains("standard output was closed"))
    }
}
