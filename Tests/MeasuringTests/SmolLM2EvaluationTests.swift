import Decoding
import Foundation
import Measuring
import Models
import TestSupport
import Testing

private let smolLM2 = ProcessInfo.processInfo.environment["VOLLEY_SMOLLM2"].flatMap {
    FileManager.default.isReadableFile(atPath: $0) ? $0 : nil
}

/// Evaluations with a real model: `make smollm2` fetches it.
@Suite(.enabled(if: smolLM2 != nil, "VOLLEY_SMOLLM2 names no file"))
struct SmolLM2EvaluationTests {
    private func evaluate(_ metric: AnswerMetric?, isCancelled: () -> Bool = { false }) throws -> Evaluation {
        let directory = try TemporaryDirectory()
        let path = try directory.write(
            """
            {"prompt": "What is the capital of France?", "answer": "The capital of France is Paris."}
            {"prompt": "What is the capital of Germany?", "answer": "The capital of Germany is Rome."}
            """, "capitals.jsonl")
        let model = try Model(path: try #require(smolLM2))
        let plans: [any DecodePlan] = [.vanilla, try .multiToken(2)]
        return try Evaluation(
            of: ComparedModels(model), on: EvaluationTask(path: path), plans: plans,
            options: SessionOptions(threadCount: 2), maximumTokens: 16, metric: metric, progress: { _ in },
            isCancelled: isCancelled)
    }

    @Test("vanilla answers well and agrees with itself, an untrained factor does not, and losses tell right from wrong")
    func results() throws {
        let evaluation = try evaluate(nil)
        let (vanilla, factor) = (evaluation.results[0], evaluation.results[1])
        #expect(vanilla.answers[0] == "The capital of France is Paris.")
        #expect((vanilla.correct.successCount, vanilla.correct.count) == (1, 2))
        #expect(factor.correct.successCount == 0)
        #expect(Set(vanilla.places.keys) == [nil])
        #expect(vanilla.places[nil]?.agreement.share == 1)
        #expect(Set(factor.places.keys) == [nil, 0, 1])
        // All tokens of both references, with their end tokens. The prompt's last pass is vanilla with every plan.
        let counts = factor.places.mapValues(\.agreement.count)
        #expect(counts[nil] == 2 && counts.values.reduce(0, +) == vanilla.places[nil]?.agreement.count)
        #expect(factor.places[nil]?.agreement.share == 1)
        #expect(try #require(vanilla.loss) < 2 && #require(factor.loss) > #require(vanilla.loss) + 2)
        #expect(vanilla.decodeTokens > 0 && vanilla.decodeSeconds > 0)
    }

    @Test("items with the metric loss are not answered; a cancelled evaluation covers the items done")
    func lossAlone() throws {
        let evaluation = try evaluate(.loss)
        #expect(evaluation.results.allSatisfy { $0.answers.isEmpty && $0.correct.count == 0 && $0.loss != nil })
        #expect(try evaluate(nil, isCancelled: { true }).results.allSatisfy { $0.answers.isEmpty && $0.loss == nil })
    }
}
