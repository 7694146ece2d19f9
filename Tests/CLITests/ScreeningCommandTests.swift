import Foundation
import TestSupport
import Testing

struct ScreeningCommandTests {
    @Test("the embedded model gives the same text with --screen, for every factor and for whole prompts")
    func sameText() throws {
        for factor in ["off", "2", "4"] {
            for prompt in ["Repeat this list five times: 75 36 57 54 59", "What is 123 + 456?"] {
                let answers = try [[], ["--screen"]].map {
                    try Command.run(["generate", "--mtd", factor, "--max-tokens", "80", prompt] + $0)
                }
                #expect(answers.allSatisfy { $0.status == 0 && $0.errors.isEmpty })
                #expect(answers[0].output == answers[1].output, "\(factor) \(prompt)")
            }
        }
    }

    @Test("dumped logits and logprobs are complete", arguments: ["0", "3"])
    func wholeLogits(tokens: String) throws {
        let directory = try TemporaryDirectory()
        let files = try [[], ["--screen"]].enumerated().map { number, options in
            let path = directory.path + "/\(number)"
            let arguments = ["generate", "--max-tokens", tokens, "--dump-logits", path, "What is 1 + 2?"]
            #expect(try Command.run(arguments + options).status == 0)
            return try Data(contentsOf: URL(fileURLWithPath: path))
        }
        #expect(files[0].count == 4 * 1024 && files[0] == files[1])
    }

    @Test("a bench with --screen counts the screen's bytes, and shows how many rows are computed exactly")
    func bench() throws {
        struct Document: Decodable {
            let models: [Measured]

            struct Measured: Decodable {
                let bytes_per_pass: Int
                let profiles: [Profile]
            }

            struct Profile: Decodable { let exact_rows: [Int]? }
        }
        func measured(_ arguments: String...) throws -> Document.Measured {
            let command = try Command.run(
                ["bench", "-p", "0", "-n", "4", "-r", "1", "--mtd", "off,2", "--profile", "-o", "json"] + arguments)
            #expect((command.status, command.errors) == (0, ""))
            return try #require(JSONDecoder().decode(Document.self, from: command.output).models.first)
        }
        let (plain, screened) = (try measured(), try measured("--screen"))
        // bf16 takes two bytes per value, q8_0 34 bytes per 32 values, and a screen one more float per row.
        #expect(plain.bytes_per_pass - screened.bytes_per_pass == 1024 * (128 * 2 - 128 / 32 * 34 - 4))
        #expect(plain.profiles.allSatisfy { $0.exact_rows == nil })
        #expect(screened.profiles.allSatisfy { $0.exact_rows?.count == 4 })
        let table = try Command.run(["bench", "-p", "0", "-n", "4", "-r", "1", "--mtd", "off", "--profile", "--screen"])
        #expect(table.text.contains("exact rows of lm_head") && table.text.contains(" a token, at most "))
    }

    @Test("an lm_head that has no screen is refused in one sentence")
    func refusals() throws {
        for (arguments, parts) in [
            (["generate", "--lm-head-format", "q4_0", "Hi"], ["lm_head in q4_0 cannot be screened"]),
            (["generate", "--lm-head-format", "q8_0", "Hi"], ["rows of 128 values", "q6_K", "format bf16"]),
            (["bench", "--shape", "smollm2-135m", "--format", "q4_0"], ["in q4_0", "choose --lm-head-format bf16"]),
            (["bench", "--shape", "smollm2-135m"], ["lm_head in q8_0 with rows of 576 values"]),
        ] {
            let command = try Command.run(arguments + ["--screen"])
            #expect(command.status == 1 && command.output.isEmpty)
            #expect(command.errors.split(separator: "\n").count == 1)
            #expect(parts.allSatisfy(command.errors.contains), "\(command.errors)")
        }
        let server = try Command.run(["serve", "--screen"])
        #expect(server.status == 64 && server.errors.contains("requests are decoded together"))
    }
}
