import Foundation
import TestSupport
import Testing

/// Commands with routed checkpoints.
struct RoutedCommandTests {
    struct GoldenCase: Decodable {
        let prompt: [Int]
        let tokens: [Int]
        let layersUsed: [Double]
        let lastLogits: [Float]

        enum CodingKeys: String, CodingKey {
            case prompt, tokens
            case layersUsed = "layers_used"
            case lastLogits = "last_logits"
        }

        var arguments: [String] {
            ["--prompt-ids", prompt.map(String.init).joined(separator: ","), "--max-tokens", "\(tokens.count)"]
                + ["--ignore-eos", "--json", "--kv", "f32", "--temperature", "0"]
        }
    }

    struct Report: Decodable {
        let mtd: String
        let plan: String?
        let tokens: [Int]
        let layersUsed: [Double]?
    }

    private static func report(_ arguments: [String]) throws -> Report {
        let command = try Command.run(["generate"] + arguments)
        #expect(command.status == 0, "\(command.errors)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Report.self, from: command.output)
    }

    @Test(
        "a routed checkpoint decodes with its routers unless told otherwise",
        arguments: [
            ("flexidepth", "flexidepth"), ("flexidepth-tanh-norm", "flexidepth"), ("mindskip", "mindskip"),
            ("mixture-of-depths", "mod"),
        ])
    func goldens(name: String, plan: String) throws {
        let model = ["--model", Goldens.url(name).path]
        for golden in try Goldens.decode([GoldenCase].self, "\(name)/cases.json").prefix(4) {
            let report = try Self.report(model + golden.arguments)
            #expect(report.tokens == golden.tokens)
            #expect(report.layersUsed == golden.layersUsed)
            #expect((report.mtd, report.plan) == ("off", plan))
            let named = try Self.report(model + golden.arguments + ["--plan", plan])
            #expect((named.tokens, named.layersUsed) == (report.tokens, report.layersUsed))
            let plain = try Self.report(model + golden.arguments + ["--mtd", "off"])
            #expect((plain.layersUsed, plain.plan) == (nil, nil))
        }
    }

    @Test("--stats shows the layers per token")
    func statistics() throws {
        let command = try Command.run([
            "generate", "--model", Goldens.url("flexidepth").path, "--prompt-ids", "5,6,7", "--max-tokens", "9",
            "--ignore-eos", "--json", "--stats",
        ])
        #expect(command.errors.contains(/layers +\d\.\d\d of 8 a token, variance \d\.\d\d\n/))
    }

    @Test("a model without routers refuses the plan by name")
    func noRouters() throws {
        let command = try Command.run([
            "generate", "--model", GenerateTests.model, "--prompt-ids", "5", "--plan", "flexidepth",
        ])
        #expect(command.status == 1)
        #expect(command.errors.contains("the model has no routed layers"))
    }
}
