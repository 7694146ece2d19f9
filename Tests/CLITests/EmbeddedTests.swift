import Foundation
import TestSupport
import Testing

/// Commands without `--model` use the embedded model in `weights/`.
struct EmbeddedTests {
    @Test("commands without a model use the embedded one")
    func defaults() throws {
        let prompt = "Sort this list: 38 58 10 14 27 26 78 11 81"
        let generated = try Command.run(["generate", prompt])
        #expect((generated.status, generated.errors) == (0, ""))
        #expect(generated.text == "10 11 14 26 27 38 58 78 81\n")
        #expect(try Command.run(["tokenize", "<|im_end|>"]).text == "2\n")
        #expect(try Command.run(["inspect"]).text.contains(#/head 8/#))
        #expect(try Command.run(["verify"]).status == 0)
        let evaluated = try Command.run(["eval", "--limit", "1", "--mtd", "off"])
        #expect(evaluated.status == 0)
        for task in ["addition", "copy", "facts", "sort", "two-steps"] {
            #expect(evaluated.text.contains("\n\(task) "))
        }
    }

    @Test("the shipped weights answer held-out questions, vanilla and in cycles of four")
    func quality() throws {
        let tasks = ["addition", "copy", "repeat", "sort", "sum"].map { Self.weights + "/eval/\($0).jsonl" }
        let command = try Command.run(["eval", "--limit", "20", "--mtd", "off,4", "--json", "--tasks"] + tasks)
        struct Document: Decodable {
            struct Plan: Decodable {
                let mtd: String
                let correct: Int
                let count: Int
            }
            let plans: [Plan]
        }
        let plans = try JSONDecoder().decode(Document.self, from: command.output).plans
        #expect(plans.map(\.mtd) == ["off", "4"])
        for plan in plans {
            #expect(plan.count == 100 && plan.correct >= 93, "mtd \(plan.mtd): \(plan.correct) of 100")
        }
    }

    private static let weights = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "weights").path

    @Test("an installed program finds the model under share/volley")
    func installed() throws {
        let files = FileManager.default
        let directory = try TemporaryDirectory()
        let prefix = URL(fileURLWithPath: directory.path)
        let (folder, shared) = (prefix.appending(path: "bin"), prefix.appending(path: "share/volley"))
        for made in [folder, shared] { try files.createDirectory(at: made, withIntermediateDirectories: true) }
        let program = folder.appending(path: "volley")
        try files.copyItem(at: Command.executable, to: program)
        try files.createSymbolicLink(
            at: shared.appending(path: "weights"), withDestinationURL: URL(fileURLWithPath: Self.weights))
        #expect(try Command.run(["tokenize", "<|im_end|>"], program: program).text == "2\n")
    }

    @Test("a program far from any weights asks for a model")
    func missing() throws {
        let directory = try TemporaryDirectory()
        let program = URL(fileURLWithPath: directory.path).appending(path: "volley")
        try FileManager.default.copyItem(at: Command.executable, to: program)
        let command = try Command.run(["generate", "a"], program: program)
        #expect(command.status == 1)
        #expect(command.errors.hasPrefix("volley: no model: --model is not given"))
    }
}
