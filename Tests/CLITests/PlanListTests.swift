import Foundation
import TestSupport
import Testing

/// `--plans` of eval, compare and tune.
struct PlanListTests {
    private static let sorting = "Sort this list: 41 65 52 87 78"

    private static func decoded<T: Decodable>(_ type: T.Type, _ arguments: [String]) throws -> T {
        let command = try Command.run(arguments + ["--json"])
        #expect((command.status, command.errors) == (0, ""))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: command.output)
    }

    private struct Evaluated: Decodable {
        let tasks: [Task]
        let plans: [Plan]

        struct Task: Decodable {
            let layers: Int
            let plans: [Plan]
        }

        struct Plan: Decodable {
            let mtd: String
            let plan: String?
            let retained: Double?
            let depth: Depth?

            var name: String { plan ?? mtd }
        }

        struct Depth: Decodable {
            let layersPerToken: Double
            let variance: Double
        }
    }

    private static func tasks(in directory: TemporaryDirectory) throws -> String {
        try directory.write(
            #"{"prompt": "\#(sorting)", "answer": "41 52 65 78 87"}"# + "\n", "sort.jsonl")
    }

    @Test("eval prints the quality kept and the layers per token, for each task and plan")
    func eval() throws {
        let directory = try TemporaryDirectory()
        let arguments = ["eval", "--tasks", try Self.tasks(in: directory)]
        let plans = ["--plans", "off,exit:9,layerskip:6", "--plans", "shortgpt:2,confidence:0.9,laco:3"]
        let table = try Command.run(arguments + plans + ["--markdown"])
        #expect((table.status, table.errors) == (0, ""))
        #expect(table.text.contains(#/\n\| kept of vanilla, by task +\| +off +\| +exit:9 +\| +layerskip:6:4 +\|/#))
        #expect(table.text.contains(#/\n\| layers a token of 24 \(variance\) +\| +off/#))
        #expect(table.text.contains(#/\n\| sort +\| +– +\| +9\.00 \(0\.00\) +\| +– +\| +22\.00 \(0\.00\) +\|/#))

        let document = try Self.decoded(Evaluated.self, arguments + plans)
        let names = ["off", "exit:9", "layerskip:6:4", "shortgpt:2", "confidence:0.9", "laco:3"]
        #expect(document.plans.map(\.name) == names && document.plans.allSatisfy { $0.mtd == "off" })
        let task = try #require(document.tasks.first)
        #expect(task.layers == 24 && task.plans.map(\.name) == names)
        #expect(task.plans.map(\.depth?.layersPerToken).prefix(4) == [nil, 9, nil, 22])
        #expect(task.plans[2].retained == 1)
        #expect(task.plans[5].depth?.layersPerToken == 21)
    }

    @Test("without plans that skip layers eval prints the tables of factors")
    func factorsAlone() throws {
        let directory = try TemporaryDirectory()
        let arguments = ["eval", "--tasks", try Self.tasks(in: directory)]
        let table = try Command.run(arguments)
        #expect(table.text.contains(#/right answers, % \(95 %\) +off +mtd 2 +mtd 3 +mtd 4 +mtd 6\n/#))
        #expect(!table.text.contains("layers a token"))
        let both = try Self.decoded(Evaluated.self, arguments + ["--mtd", "off,4", "--plans", "off,mtd:4,exit:9"])
        #expect(both.plans.map(\.name) == ["off", "4", "exit:9"])
        #expect(both.plans.map(\.mtd) == ["off", "4", "off"])
    }

    @Test("a routed model is compared with all of its layers by default")
    func routedDefault() throws {
        let (directory, checkpoint) = (try TemporaryDirectory(), try RoutedCheckpoint())
        let document = try Self.decoded(
            Evaluated.self,
            ["eval", "--model", checkpoint.path, "--tasks", Self.tasks(in: directory), "--max-tokens", "8"])
        #expect(document.plans.map(\.name) == ["off", "flexidepth"])
        let depth = try #require(document.plans[1].depth)
        #expect((4...8).contains(depth.layersPerToken) && depth.variance >= 0)
    }

    private struct Compared: Decodable {
        let comparisons: [Comparison]

        struct Comparison: Decodable {
            let answers: [Answer]
        }

        struct Answer: Decodable {
            let mtd: String
            let plan: String?
            let tokens: [Int]
            let limitOfSpeedup: Double?
        }
    }

    @Test("compare's tokens equal those of generate for every plan, and the page shows all of them")
    func compare() throws {
        let directory = try TemporaryDirectory()
        let page = directory.path + "/plans.html"
        let plans = ["off", "exit:9", "shortgpt:2", "confidence:0.9", "layerskip:6:4", "laco:2"]
        let document = try Self.decoded(
            Compared.self,
            ["compare", "--rounds", "1", "--plans", plans.joined(separator: ","), "--html", page, Self.sorting])
        struct Generated: Decodable {
            let tokens: [Int]
        }
        let answers = try #require(document.comparisons.first).answers
        #expect(answers.map { $0.plan ?? $0.mtd } == plans)
        for (plan, answer) in zip(plans, answers) {
            let arguments = ["generate", "--max-tokens", "256", "--plan", plan, Self.sorting]
            #expect(try answer.tokens == Self.decoded(Generated.self, arguments).tokens, "\(plan)")
        }
        #expect(try #require(answers[1].limitOfSpeedup) > 1)
        let html = String(decoding: try directory.read("plans.html"), as: UTF8.self)
        for plan in plans.dropFirst() { #expect(html.contains("<h3>\(plan)</h3>")) }
        // The figure shows only plans that read all of trunk and head; here that is vanilla.
        #expect(html.matches(of: #/<text x="0"/#).count == 1)
    }

    private struct Tuned: Decodable {
        let sentence: String
        let choice: String
        let candidates: [Candidate]

        struct Candidate: Decodable {
            let mtd: String
            let plan: String?
            let kept: Double
        }
    }

    @Test("tune tries plans in addition to vanilla, and names the option of its choice")
    func tune() throws {
        let document = try Self.decoded(Tuned.self, ["tune", "--keep", "0", "--plans", "exit:1", Self.sorting])
        #expect(document.candidates.map { $0.plan ?? $0.mtd } == ["off", "exit:1"])
        #expect(document.candidates[0].kept == 1)
        let option = document.choice == "off" ? "--mtd off" : "--plan exit:1"
        #expect(document.sentence.hasPrefix("decode with \(option): "))
    }

    @Test(
        "a plan that is none, or not this model's, gets a sentence",
        arguments: [
            (["--plans", "off,bogus"], 64, "there is no decode plan named 'bogus'"),
            (["--plans", "off,,exit:9"], 64, "there is no decode plan named ''"),
            (["--plans", "exit:25"], 1, "--plan exit:25 is out of range; this model takes 1 to 24"),
            (["--plans", "laco:19"], 1, "--plan laco:19 is out of range; this model takes 0 to 18"),
            (["--plans", "flexidepth"], 1, "the model has no routed layers"),
            (["--plans", "shortgpt:2", "--calibration", "/nowhere"], 1, "/nowhere"),
        ] as [([String], Int32, String)])
    func refusals(arguments: [String], status: Int32, part: String) throws {
        let command = try Command.run(["compare", "--rounds", "1", "--max-tokens", "4"] + arguments + ["--", "a"])
        #expect(command.status == status && command.errors.contains(part), "\(command.errors)")
    }
}
