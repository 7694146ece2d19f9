import Foundation
import TestSupport
import Testing

private let smolLM2 = ProcessInfo.processInfo.environment["VOLLEY_SMOLLM2"].flatMap {
    FileManager.default.isReadableFile(atPath: $0) ? $0 : nil
}

@Suite(.enabled(if: smolLM2 != nil, "VOLLEY_SMOLLM2 names no file"))
struct EvalTests {
    @Test("an evaluation prints tables, Markdown and JSON, and writes a plot")
    func forms() throws {
        let directory = try TemporaryDirectory()
        let tasks = try directory.write(
            #"{"prompt": "What is the capital of France?", "answer": "Paris", "metric": "contains"}"#, "facts.jsonl")
        let plot = directory.path + "/plot.svg"
        func eval(_ form: String...) throws -> Command {
            let model = try #require(smolLM2)
            return try Command.run(
                ["eval", "--model", model, "--tasks", tasks, "--mtd", "off,2", "--max-tokens", "16"] + form)
        }
        let table = try eval("--plot", plot)
        #expect((table.status, table.errors) == (0, ""))
        #expect(table.text.contains(#/facts +100\.0 \(20\.7–100\.0\)/#))
        #expect(table.text.contains("mtd 2, 0"))
        let picture = String(decoding: try directory.read("plot.svg"), as: UTF8.self)
        #expect(picture.contains(">off</text>") && picture.contains(">mtd 2</text>") && picture.hasSuffix("</svg>\n"))
        #expect(try eval("--markdown").text.contains(#/\n\| facts +\| 100\.0 \(20\.7–100\.0\) \|/#))
        struct Document: Decodable {
            let tasks: [Task]

            struct Task: Decodable {
                let task: String
                let plans: [Plan]
            }

            struct Plan: Decodable {
                let mtd: String
                let correct: Int
                let answers: [String]
            }
        }
        let document = try JSONDecoder().decode(Document.self, from: eval("--json").output)
        #expect(document.tasks.map(\.task) == ["facts"])
        #expect(document.tasks[0].plans.map(\.mtd) == ["off", "2"])
        #expect(document.tasks[0].plans[0].correct == 1)
        #expect(document.tasks[0].plans[0].answers == ["The capital of France is Paris."])
    }
}
