import Decoding
import Foundation
import Measuring
import TestSupport
import Testing
import Weights

/// Vanilla decoding by a baseline model.
struct BaselineTests {
    private static let options = SessionOptions(threadCount: 2)
    private static let prompt = "Sort this list: 41 65 52 87 78"

    /// The embedded model, and one with the same tokens and other answers: some of its layers are merged.
    private static func models() throws -> ComparedModels {
        let model = try Model(path: Goldens.embedded)
        let merged = try model.plan(for: .laco(leavingOut: 12), options: options)
        return try ComparedModels(model, baseline: merged.model(from: model))
    }

    private static func compared(_ models: ComparedModels) throws -> Comparison {
        let plans: [any DecodePlan] = [.vanilla, try .multiToken(4)]
        return try Comparer(models, plans: plans, options: options, maximumTokens: 24)
            .compare(prompt, rounds: 1, isCancelled: { false })
    }

    @Test("compare: the baseline answers for vanilla, the model for the factor, and these two are compared")
    func comparison() throws {
        let models = try Self.models()
        let found = try Self.compared(models)
        let own = try Self.compared(ComparedModels(models.model))
        let baseline = try Self.compared(ComparedModels(try #require(models.baseline)))
        #expect(found.answers[0].text == baseline.answers[0].text)
        #expect(found.answers[0].text != own.answers[0].text)
        #expect(found.answers[1].text == own.answers[1].text)
        #expect(found.answers[1].difference?.isNone == false && own.answers[1].difference?.isNone == true)
        #expect(found.answers[1].perplexity > 2 * own.answers[1].perplexity)
    }

    @Test("a race runs vanilla on the baseline")
    func race() throws {
        let models = try Self.models()
        let race = try Race(
            of: models, on: Self.prompt, plans: [.vanilla, try .multiToken(4)], options: Self.options,
            maximumTokens: 24, isCancelled: { false })
        while try race.step() {}
        let texts = race.lanes.map { $0.tokens.map(\.text).joined() }
        #expect(texts == (try Self.compared(models)).answers.map(\.text))
    }

    @Test("eval and tune: right answers and agreement are counted against the baseline")
    func evaluation() throws {
        let models = try Self.models()
        let directory = try TemporaryDirectory()
        let path = try directory.write(
            #"{"prompt": "Sort this list: 41 65 52 87 78", "answer": "41 52 65 78 87"}"#, "task.jsonl")
        let task = try EvaluationTask(path: path)
        let plans: [any DecodePlan] = [.vanilla, try .multiToken(4)]
        let evaluation = try Evaluation(
            of: models, on: task, plans: plans, options: Self.options, maximumTokens: 24, progress: { _ in },
            isCancelled: { false })
        #expect(evaluation.results.map(\.correct.successCount) == [0, 1])
        #expect(evaluation.results[0].answers[0] != "41 52 65 78 87")
        let tuning = try Tuning(
            of: models, on: .prompts([Self.prompt]), plans: plans, least: 1, options: Self.options, maximumTokens: 24,
            progress: { _ in }, isCancelled: { false })
        #expect(tuning.baseline == models.baseline?.name)
        #expect(tuning.candidates[0].quality.share == 1 && tuning.candidates[1].quality.share ?? 1 < 1)
    }

    @Test("a baseline with other tokens is refused by name")
    func refusals() throws {
        let model = try Model(path: Goldens.embedded)
        let small = try Model(path: Goldens.url("dmtd/qwen3-tied").path)
        #expect(
            throws: BaselineError.vocabularySize(model: "volley-5m", 1024, baseline: "qwen3-tied", 320)
        ) { try ComparedModels(model, baseline: small) }

        let directory = try TemporaryDirectory()
        let path = directory.path + "/swapped"
        try Unpacker(Checkpoint.open(Goldens.embedded)).write(to: path, progress: { _ in }, isCancelled: { false })
        let file = URL(fileURLWithPath: path + "/tokenizer.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        // "a" and "b" have each other's ids.
        let swapped = text.replacing("\"a\": 67,", with: "\"a\": 0x").replacing("\"b\": 68,", with: "\"b\": 67,")
            .replacing("\"a\": 0x", with: "\"a\": 68,")
        try swapped.write(to: file, atomically: true, encoding: .utf8)
        let other = try Model(path: path)
        let refusal = BaselineError.token(67, model: "volley-5m", "a", baseline: "swapped", "b")
        #expect(throws: refusal) { try ComparedModels(model, baseline: other) }
        #expect(
            refusal.description == "token 67 is \"a\" in volley-5m, and \"b\" in the baseline swapped; "
                + "give the model that volley-5m was made from")
    }
}
