import Foundation
import TestSupport
import Testing

struct BenchCommandTests {
    @Test("a bench prints aligned Markdown, CSV and JSON")
    func forms() throws {
        func bench(_ arguments: String...) throws -> Command {
            try Command.run(["bench", "-p", "8", "-n", "6", "-r", "2", "--mtd", "off,4"] + arguments)
        }
        let table = try bench("--passes", "--profile")
        #expect((table.status, table.errors) == (0, ""))
        let blocks = table.text.split(separator: "\n\n").map { $0.split(separator: "\n") }
        #expect(blocks.count == 4)
        let rows = blocks[0]
        #expect(rows.count == 5 && Set(rows.map(\.count)).count == 1)
        #expect(rows[2].contains("| prompt 8 |") && rows[3].contains("| off, 6 ") && rows[4].contains("| mtd 4, 6 "))
        #expect(blocks[2].count == 2 + 16 && blocks[2][2].contains("1.00×"))
        #expect(blocks[3].count == 4 && blocks[3][0].contains("lm_head"))

        let csv = try bench("-o", "csv").text.split(separator: "\n")
        #expect(csv.count == 4 && csv[0].hasPrefix("model,weights,MB a pass,test,tokens/s"))

        struct Document: Decodable {
            let threads: Int
            let models: [Measured]

            struct Measured: Decodable {
                let model: String
                let decoding: [Decoding]
            }

            struct Decoding: Decodable {
                let mtd: String
                let tokens_per_second: [Double]
                let speedup: [Double]
            }
        }
        let document = try JSONDecoder().decode(Document.self, from: bench("-t", "1", "-o", "json").output)
        #expect(document.threads == 1)
        let measured = try #require(document.models.first)
        #expect(measured.decoding.map(\.mtd) == ["off", "4"])
        #expect(measured.decoding.allSatisfy { $0.tokens_per_second.count == 2 && $0.speedup.count == 2 })
    }

    @Test(
        "what cannot be measured gets one sentence",
        arguments: [
            (["--shape", "qwen3-9b"], Int32(64), "qwen3-9b"), (["-n", "0"], 64, "-n is 0"),
            (["-r", "-1"], 64, "-r is -1"), (["--format", "q9"], 64, "q9"), (["--mtd", "off,auto"], 64, "off,auto"),
            (["--lm-head-format", "q6_K"], 64, "q6_K"), (["-d", "1024"], 1, "context has 1024"),
            (["-m", "/nowhere"], 1, "/nowhere"),
            (["--shape", "smollm2-135m", "--format", "q6_K"], 1, "no whole blocks of q6_K"),
        ])
    func refusals(arguments: [String], status: Int32, part: String) throws {
        let command = try Command.run(["bench"] + arguments)
        #expect(command.status == status && command.output.isEmpty)
        #expect(command.errors.contains(part), "\(command.errors)")
        if status == 1 { #expect(command.errors.split(separator: "\n").count == 1) }
    }

    @Test("options convert lm_head and pin threads to processors")
    func lmHeadFormat() throws {
        struct Document: Decodable {
            let models: [Measured]

            struct Measured: Decodable {
                let formats: [String]
                let bytes_per_pass: Int
            }
        }
        func measured(_ arguments: String...) throws -> Document.Measured {
            let command = try Command.run(
                ["bench", "-p", "0", "-n", "4", "-r", "1", "--mtd", "off", "-o", "json"] + arguments)
            #expect((command.status, command.errors) == (0, ""))
            return try #require(JSONDecoder().decode(Document.self, from: command.output).models.first)
        }
        let (plain, other) = (try measured(), try measured("--lm-head-format", "q4_0", "--pin"))
        #expect(plain.formats == ["bf16"] && other.formats == ["bf16", "q4_0"])
        #expect(plain.bytes_per_pass - other.bytes_per_pass == 1024 * (128 * 2 - 128 / 32 * 18))
    }

    @Test("auto chooses a factor that the model was trained for, and prints it in one line")
    func automaticFactor() throws {
        let command = try Command.run(["generate", "--mtd", "auto", "--json", "What is 12 + 30?"])
        struct Document: Decodable { let mtd: Int }
        let factor = try JSONDecoder().decode(Document.self, from: command.output).mtd
        #expect((2...6).contains(factor))
        #expect(command.errors.hasPrefix("volley: decoding with --mtd \(factor): by passes timed on this machine "))
        #expect(command.errors.split(separator: "\n").count == 1)
    }
}
