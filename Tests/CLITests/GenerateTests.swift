import Foundation
import TestSupport
import Testing

struct GenerateTests {
    static let model = Goldens.url("dmtd/qwen3-tied").path

    struct Report: Decodable {
        let model: String
        let mtd: Factor
        let promptTokens: [Int]
        let tokens: [Int]
        let text: String
        let finishReason: String
        let logprobs: [[Logprob]]?
        let vanillaChoice: [Int]?
        let stats: [String: Double]

        struct Logprob: Decodable {
            let id: Int
            let logprob: Double
        }

        enum Factor: Decodable, Equatable {
            case off
            case factor(Int)

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let factor = try? container.decode(Int.self) {
                    self = .factor(factor)
                } else {
                    self = try container.decode(String.self) == "off" ? .off : .factor(-1)
                }
            }
        }
    }

    static func report(_ arguments: [String]) throws -> Report {
        let command = try Command.run(["generate", "--json"] + arguments)
        #expect(command.status == 0, "\(command.errors)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Report.self, from: command.output)
    }

    struct GoldenCase: Decodable {
        let prompt: [Int]
        let cycle: Int
        let phase: String
        let promptInput: String?
        let history: String?
        let headHistory: String?
        let window: Int
        let sinks: Int
        let tokens: [Int]
        let lastLogits: [Float]
        let vanillaChoice: [Int]?

        enum CodingKeys: String, CodingKey {
            case prompt, cycle, phase, history, window, sinks, tokens
            case promptInput = "prompt_input"
            case headHistory = "head_history"
            case lastLogits = "last_logits"
            case vanillaChoice = "vanilla_choice"
        }
    }

    @Test("golden cases give the same tokens on the command line, and logits within 1e-3")
    func goldens() throws {
        let cases = try ["cases", "rules", "refreshed"].flatMap {
            try Goldens.decode([GoldenCase].self, "dmtd/qwen3-tied/\($0).json")
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "volley-logits-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        for golden in stride(from: 0, to: cases.count, by: 5).map({ cases[$0] }) {
            var arguments = [
                "--model", Self.model, "--prompt-ids", golden.prompt.map(String.init).joined(separator: ","),
                "--mtd", golden.cycle == 0 ? "off" : "\(golden.cycle)", "--phase", golden.phase, "--kv", "f32",
                "--prompt-input", golden.promptInput ?? (golden.phase == "absolute" ? "masked" : "trunk"),
                "--history", golden.history ?? "real", "--head-history", golden.headHistory ?? "kept",
                "--max-tokens", "\(golden.tokens.count)", "--ignore-eos", "--dump-logits", file.path,
            ]
            if golden.window > 0 { arguments += ["--window", "\(golden.window)", "--sinks", "\(golden.sinks)"] }
            if golden.vanillaChoice != nil { arguments.append("--meter") }
            let report = try Self.report(arguments)
            #expect(report.tokens == golden.tokens)
            #expect(report.vanillaChoice == golden.vanillaChoice)
            let agreeing = zip(golden.tokens, golden.vanillaChoice ?? []).count { $0 == $1 }
            #expect(
                report.stats["agreement"] == golden.vanillaChoice.map { Double(agreeing) / Double($0.count) })
            #expect(report.promptTokens == golden.prompt)
            #expect(report.mtd == (golden.cycle == 0 ? .off : .factor(golden.cycle)))
            #expect(report.finishReason == "length")
            let logits = try Data(contentsOf: file).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
            #expect(logits.count == golden.lastLogits.count)
            #expect(zip(logits, golden.lastLogits).allSatisfy { abs($0 - $1) < 1e-3 })
        }
    }

    @Test("vanilla decoding warns once, and only if the model was never trained on the trunk's output alone")
    func vanillaOfAnother() throws {
        func errors(_ options: String...) throws -> String {
            let command = try Command.run(
                ["generate", "--model", Self.model, "--prompt-ids", "5,6", "--max-tokens", "2", "--ignore-eos"]
                    + options)
            #expect(command.status == 0)
            return command.errors
        }
        let warnings = try errors("--mtd", "off").split(separator: "\n").filter { $0.contains("was trained with") }
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("prompt input sum") == true)
        #expect(warnings.first?.contains("--mtd 1") == true && warnings.first?.contains("--baseline") == true)
        #expect(try !errors("--mtd", "1").contains("was trained with"))
        #expect(try errors("--mtd", "4", "--prompt-input", "trunk").contains("prompt input sum, not trunk"))
    }

    @Test("statistics add up")
    func statistics() throws {
        let report = try Self.report([
            "--model", Self.model, "--prompt-ids", "5,6,7,8,9", "--mtd", "4", "--phase", "prompt", "--max-tokens", "21",
            "--ignore-eos", "--logprobs", "3",
        ])
        #expect(report.tokens.count == 21)
        #expect(report.stats["prefill_tokens"] == 5)
        #expect(report.stats["decode_tokens"] == 20)
        #expect(report.stats["trunk_passes"] == 5)
        #expect(report.stats["head_passes"] == 20)
        #expect(report.stats["kv_bytes"] == Double(2 * 12 * 2 * 32 * 2 * 256))
        for key in ["prefill_seconds", "decode_seconds", "tokens_per_second", "peak_rss_bytes", "load_seconds"] {
            #expect(try #require(report.stats[key]) > 0, "\(key)")
        }
        let logprobs = try #require(report.logprobs)
        #expect(logprobs.count == 21)
        #expect(zip(logprobs, report.tokens).allSatisfy { $0.count == 3 && $0[0].id == $1 })
    }

    @Test("the same seed gives the same tokens, whatever the number of threads")
    func seeds() throws {
        func tokens(_ seed: Int, _ threads: Int) throws -> [Int] {
            try Self.report([
                "--model", Self.model, "--prompt-ids", "5,6", "--mtd", "off", "--max-tokens", "40", "--ignore-eos",
                "--temperature", "1.5", "--top-p", "0.95", "--seed", "\(seed)", "--threads", "\(threads)",
            ]).tokens
        }
        #expect(try tokens(7, 1) == tokens(7, 2))
        #expect(try tokens(7, 1) != tokens(8, 1))
    }

    @Test("a factor that the model was not trained for gives one warning, and generates")
    func untrainedFactor() throws {
        let command = try Command.run([
            "generate", "--model", Self.model, "--prompt-ids", "5", "--mtd", "9", "--max-tokens", "3", "--json",
        ])
        #expect(command.status == 0)
        #expect(command.errors.split(separator: "\n").count == 1)
        #expect(command.errors.contains("trained up to factor 4"))
    }
}
