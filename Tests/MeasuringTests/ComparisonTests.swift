import Decoding
import Foundation
import Measuring
import Models
import TestSupport
import Testing
import Tokens

struct ComparisonTests {
    /// The product is too large for the model, and it was not trained for the factor: answers diverge.
    private static let prompt = "What is 9876543 * 2938475?"

    private static func compared(_ model: Model) throws -> Comparison {
        let plans: [any DecodePlan] = [.vanilla, try .multiToken(2), try .multiToken(13)]
        let comparer = try Comparer(
            ComparedModels(model), plans: plans, options: SessionOptions(threadCount: 2), maximumTokens: 40)
        return try comparer.compare(prompt, rounds: 2, isCancelled: { false })
    }

    @Test("a divergence names the first different tokens, and the probability that vanilla gives to the other")
    func divergences() throws {
        let model = try Model(path: Goldens.embedded)
        let comparison = try Self.compared(model)
        let vanilla = comparison.answers[0].tokens.map(\.id)
        #expect(comparison.answers[0].difference == nil)
        for answer in comparison.answers.dropFirst() {
            let (ids, difference) = (answer.tokens.map(\.id), try #require(answer.difference))
            let longer = max(ids.count, vanilla.count)
            #expect(difference.equalShare == Double(zip(ids, vanilla).count { $0 == $1 }) / Double(longer))
            #expect(difference.isNone == (ids == vanilla))
            guard let divergence = difference.first else { continue }
            #expect(ids.prefix(divergence.place) == vanilla.prefix(divergence.place))
            #expect(divergence.found?.id == (divergence.place < ids.count ? ids[divergence.place] : nil))
            #expect(divergence.expected?.id == (divergence.place < vanilla.count ? vanilla[divergence.place] : nil))
            if let found = divergence.found {
                let expected = try Self.vanillaLogprob(model, after: ids.prefix(divergence.place), of: found.id)
                #expect(abs(try #require(divergence.logprob) - expected) < 1e-4)
            }
        }
        let other = try #require(comparison.answers.last?.difference?.first)
        #expect(other.sentence.hasPrefix("parts from vanilla at token \(other.place + 1): "))
    }

    /// The logarithm of a token's probability, from softmax of the logits after prompt and answer.
    private static func vanillaLogprob(
        _ model: Model, after answer: ArraySlice<Int>, of token: Int
    ) throws -> Double {
        let tokenizer = try model.requireTokenizer()
        let text = try tokenizer.renderChat(
            [ChatMessage(role: "user", content: prompt)], addGenerationPrompt: true, enableThinking: false)
        let generator = Generator(model, options: SessionOptions(threadCount: 1))
        try generator.read(tokenizer.encode(text, addSpecial: false) + answer, plan: .vanilla)
        let logits = try generator.logits()
        let total = logits.reduce(0) { $0 + exp(Double($1)) }
        return Double(logits[token]) - log(total)
    }

    @Test("perplexity is vanilla's, and lowest for vanilla's own text; every round adds a figure")
    func figures() throws {
        let comparison = try Self.compared(try Model(path: Goldens.embedded))
        #expect(comparison.answers.map(\.plan.name) == ["off", "2", "13"])
        #expect(comparison.bandwidth.values.count == 2)
        for answer in comparison.answers {
            #expect(answer.perplexity >= 1 && answer.perplexity.isFinite)
            #expect(answer.speed.values.count == 2 && answer.speedup.values.count == 2)
            #expect(answer.firstTokenSeconds.values.allSatisfy { $0 > 0 })
            #expect(answer.text == answer.tokens.map(\.text).joined())
        }
        #expect(comparison.answers[0].limitOfSpeedup == 1)
        #expect(
            try #require(comparison.answers[1].limitOfSpeedup) < #require(comparison.answers[2].limitOfSpeedup))

        let summary = ComparisonSummary([comparison, comparison])
        #expect(summary.plans[0].sameAnswers == nil && summary.plans[1].sameAnswers?.count == 2)
        let plan = try #require(summary.plans.last)
        #expect(abs(plan.perplexity - comparison.answers[2].perplexity) < 1e-9 * plan.perplexity)
        #expect(
            abs(try #require(plan.speed) - comparison.answers[2].speed.median) < 1e-6
                * comparison.answers[2].speed.median)
    }

    @Test("with a window the roofline counts only the keys and values that a token sees")
    func window() throws {
        let model = try Model(path: Goldens.embedded)
        func bytes(window: Int?) throws -> Double? {
            let options = SessionOptions(threadCount: 1, window: window, sinkCount: window == nil ? 0 : 2)
            let comparer = try Comparer(ComparedModels(model), plans: [.vanilla], options: options, maximumTokens: 8)
            return try comparer.compare(Self.prompt, rounds: 1, isCancelled: { false }).answers[0].bytesPerToken
        }
        let roofline = ByteRoofline(model.stack, kvFormat: SessionOptions().kvFormat)
        #expect(try bytes(window: 10) == roofline.bytesPerToken(factor: nil, depth: 12))
        #expect(try #require(try bytes(window: nil)) > roofline.bytesPerToken(factor: nil, depth: 14))
    }

    @Test("in a race the plan that has used the least time takes the next step, and each gives its usual answer")
    func race() throws {
        let model = try Model(path: Goldens.embedded)
        let race = try Race(
            of: ComparedModels(model), on: "Sort this list: 41 65 52 87 78", plans: [.vanilla, try .multiToken(4)],
            options: SessionOptions(threadCount: 1), maximumTokens: 40, isCancelled: { false })
        while try race.step() {}
        #expect(race.lanes.allSatisfy { $0.isDone && $0.seconds > 0 })
        #expect(race.lanes.allSatisfy { $0.tokens.map(\.text).joined() == "41 52 65 78 87" })
    }
}
