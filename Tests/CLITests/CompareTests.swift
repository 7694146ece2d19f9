import Foundation
import TestSupport
import Testing

struct CompareTests {
    private static let sorting = "Sort this list: 41 65 52 87 78"

    @Test("answers are side by side, with their speed and differences below")
    func text() throws {
        let command = try Command.run(
            ["compare", "--mtd", "off,4", "--rounds", "1", "What is 3 + 4?", Self.sorting])
        #expect((command.status, command.errors) == (0, ""))
        let lines = command.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines[0] == "> What is 3 + 4?")
        #expect(lines[1].contains(#/^── vanilla +── mtd 4$/#))
        #expect(command.text.contains(#/\n41 52 65 78 87 +41 52 65 78 87\n/#))
        #expect(command.text.contains(#/\nmtd 4 +\d+ +[0-9.]+× +[0-9.]+× +\d+ % +\d+\+\d+ +[0-9.]+ ms +100 %/#))
        #expect(command.text.contains(#/\n2 prompts +tokens/s +speedup/#))
        #expect(command.text.contains(#/\nmtd 4 .* 2 of 2 +100 %/#))
    }

    @Test("with a baseline, the table, the page and the document name it")
    func baseline() throws {
        let directory = try TemporaryDirectory()
        let page = directory.path + "/a.html"
        let baseline = Goldens.embedded + "-depth"
        let arguments = ["compare", "--baseline", baseline, "--mtd", "4", "--rounds", "1", Self.sorting]
        let text = try Command.run(arguments + ["--html", page])
        #expect((text.status, text.errors) == (0, ""))
        #expect(text.text.contains(#/── vanilla +── mtd 4\n/#))
        #expect(text.text.hasSuffix("vanilla is volley-5m-depth, the baseline\n"))
        let html = String(decoding: try directory.read("a.html"), as: UTF8.self)
        #expect(html.contains("<p>Vanilla is volley-5m-depth, the baseline.</p>"))
        let document = try JSONDecoder().decode(Document.self, from: Command.run(arguments + ["--json"]).output)
        #expect((document.baseline, document.model) == ("volley-5m-depth", "volley-5m"))
        #expect(document.comparisons[0].answers.map(\.mtd) == ["off", "4"])
    }

    private struct Document: Decodable {
        let model: String
        let baseline: String?
        let rounds: Int
        let comparisons: [Compared]

        struct Compared: Decodable {
            let answers: [Answer]
        }

        struct Answer: Decodable {
            let mtd: String
            let text: String
            let tokens: [Int]
            let cycle_places: [Int?]
            let tokens_per_second: [Double]
            let perplexity: Double
            let trunk_passes: Int
            let head_passes: Int
        }
    }

    @Test("tokens equal those of generate for every factor; passes and cycle indices are right")
    func sameAsGenerate() throws {
        let compared = try Command.run(["compare", "--rounds", "2", "--json", Self.sorting])
        let document = try JSONDecoder().decode(Document.self, from: compared.output)
        let answers = try #require(document.comparisons.first).answers
        #expect(answers.map(\.mtd) == ["off", "2", "3", "4", "6"])
        struct Generated: Decodable {
            let tokens: [Int]
            let text: String
        }
        for answer in answers {
            let command = try Command.run(["generate", "--json", "--mtd", answer.mtd, Self.sorting])
            let generated = try JSONDecoder().decode(Generated.self, from: command.output)
            #expect(answer.tokens == generated.tokens && answer.text == generated.text)
            #expect(answer.tokens_per_second.count == 2 && answer.perplexity >= 1)
            let decoded = answer.tokens.count - 1
            #expect(answer.head_passes == decoded)
            let factor = Int(answer.mtd)
            #expect(answer.trunk_passes == factor.map { (decoded + $0 - 1) / $0 } ?? decoded)
            let places = answer.tokens.indices.map { index in index == 0 ? nil : factor.map { (index - 1) % $0 } }
            #expect(answer.cycle_places == places)
        }
    }

    @Test("the page is one well-formed file that fetches nothing, and prompts cannot become markup")
    func page() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/report.html"
        let command = try Command.run(
            ["compare", "--rounds", "1", "--max-tokens", "12", "--html", path, "<b>\"&'</b>", "What is 3 + 4?"])
        #expect(command.status == 0)
        let page = String(decoding: try directory.read("report.html"), as: UTF8.self)
        #expect(page.hasPrefix("<!doctype html>") && page.hasSuffix("</html>\n"))
        #expect(page.contains("<h2>&lt;b&gt;&quot;&amp;'&lt;/b&gt;</h2>"))
        #expect(!page.contains("<script") && !page.contains("http"))
        for name in ["section", "article", "figure", "svg", "div", "span", "table", "p"] {
            let opened = page.matches(of: try Regex("<\(name)[ >]")).count
            let closed = page.matches(of: try Regex("</\(name)>")).count
            #expect(opened > 0 && opened == closed, "\(name)")
        }
    }

    @Test("prompts also come from files, one per line")
    func files() throws {
        let directory = try TemporaryDirectory()
        let prompts = try directory.write("What is 3 + 4?\n\nWhat is 5 + 4?\n", "prompts.txt")
        let empty = try directory.write(" \n", "empty.txt")
        let command = try Command.run(["compare", "--rounds", "1", "--mtd", "off", "--json", "--file", prompts])
        #expect(try JSONDecoder().decode(Document.self, from: command.output).comparisons.count == 2)
        let refused = try Command.run(["compare", "--file", empty])
        #expect((refused.status, refused.errors) == (1, "volley: \(empty) holds no prompts; give one a line\n"))
        #expect(try Command.run(["compare"]).status == 64)
    }
}

struct TuneTests {
    private struct Document: Decodable {
        let measure: String
        let choice: String
        let candidates: [Candidate]

        struct Candidate: Decodable {
            let mtd: String
            let speedup: Double?
            let kept: Double
            let count: Int
        }
    }

    private func tune(_ arguments: String...) throws -> Document {
        let command = try Command.run(["tune", "--json"] + arguments)
        #expect((command.status, command.errors) == (0, ""))
        return try JSONDecoder().decode(Document.self, from: command.output)
    }

    @Test("the choice is the fastest factor that keeps enough quality")
    func choice() throws {
        let directory = try TemporaryDirectory()
        let tasks = try directory.write(
            #"{"prompt": "What is 3 + 4?", "answer": "7"}"# + "\n"
                + #"{"prompt": "Sort this list: 41 65 52 87 78", "answer": "41 52 65 78 87"}"# + "\n", "tasks.jsonl")
        let document = try tune("--tasks", tasks, "--mtd", "2,4")
        #expect(document.measure == "right answers")
        #expect(
            document.candidates.map(\.mtd) == ["off", "2", "4"] && document.candidates.allSatisfy { $0.count == 2 })
        let good = document.candidates.filter { $0.mtd != "off" && $0.kept >= 0.99 && ($0.speedup ?? 0) > 1 }
        #expect(document.choice == good.max { ($0.speedup ?? 0) < ($1.speedup ?? 0) }?.mtd ?? "off")
    }

    @Test("prompts without answers are judged by agreement with vanilla's tokens")
    func prompts() throws {
        let document = try tune("--mtd", "2", "Sort this list: 41 65 52 87 78")
        #expect(document.measure == "vanilla's tokens")
        #expect(document.candidates.first?.kept == 1)
        #expect(document.candidates.allSatisfy { $0.count > 10 })
    }

    @Test("tasks with the metric loss are judged like prompts, since they have no right answers")
    func lossAlone() throws {
        let directory = try TemporaryDirectory()
        let tasks = try directory.write(
            #"{"prompt": "Continue this paragraph: And God said,", "answer": "Let there be light", "metric": "loss"}"#,
            "tasks.jsonl")
        let document = try tune("--mtd", "2", "--tasks", tasks)
        #expect(document.measure == "vanilla's tokens")
        #expect(document.candidates.allSatisfy { $0.count > 3 })
    }

    @Test(
        "what cannot be tuned gets a sentence",
        arguments: [
            ([], "no questions"), (["--keep", "101", "a"], "--keep is 101"), (["--tasks", "x", "--", "a"], "not both"),
        ]
    )
    func refusals(arguments: [String], part: String) throws {
        let command = try Command.run(["tune"] + arguments)
        #expect(command.status == 64 && command.errors.contains(part), "\(command.errors)")
    }
}
