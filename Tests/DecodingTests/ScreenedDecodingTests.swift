import Decoding
import Models
import Tensors
import TestSupport
import Testing

/// A screened `lm_head` does not change the tokens.
struct ScreenedDecodingTests {
    static let options = SessionOptions(threadCount: 2)

    /// A model with a vocabulary large enough that the screen leaves out most of it.
    private static func model(_ format: StorageFormat, screens: Bool) throws -> LayerStack {
        try SyntheticModel(
            layers: 6, headLayers: 3, hidden: 256, headWidth: 64, feedForward: 256, vocabulary: 3001, format: format,
            screens: screens
        ).build()
    }

    private static func pair(_ format: StorageFormat) throws -> (plain: LoneSequence, screened: LoneSequence) {
        (
            try LoneSequence(model(format, screens: false), options: options),
            try LoneSequence(model(format, screens: true), options: options)
        )
    }

    @Test(
        "greedy tokens are the same for vanilla and every factor, and few rows are computed",
        arguments: [StorageFormat.f32, .bf16, .f16, .q8_0])
    func greedyTokens(format: StorageFormat) throws {
        let (plain, screened) = try Self.pair(format)
        for plan in [.vanilla, try MultiTokenPlan(factor: 2), try MultiTokenPlan(factor: 4)] as [any DecodePlan] {
            let prompt = randomTokens(20, below: 3001, seed: 5)
            for context in [plain, screened] { context.truncate(to: 0) }
            let profile = PassProfile()
            screened.profile = profile
            let expected = try greedy(plain, prompt, plan, count: 40)
            #expect(try greedy(screened, prompt, plan, count: 40) == expected)
            #expect(profile.exactRows.count == 40)
            #expect(profile.exactRows.reduce(0, +) < 40 * 3001 / 2, "\(profile.exactRows)")
        }
    }

    @Test("sampling, penalties and logprobs get all logits, and so does a caller that reads them")
    func allLogits() throws {
        let (plain, screened) = try Self.pair(.q8_0)
        for options in [
            GenerationOptions(maximumTokens: 20, sampling: SamplingParameters(temperature: 1, seed: 3)),
            GenerationOptions(maximumTokens: 20, sampling: SamplingParameters(repetitionPenalty: 1.5)),
            GenerationOptions(maximumTokens: 20, sampling: SamplingParameters(presencePenalty: 1)),
            GenerationOptions(maximumTokens: 20, sampling: SamplingParameters(frequencyPenalty: -0.5)),
            GenerationOptions(maximumTokens: 20, logprobCount: 3),
        ] {
            let profile = PassProfile()
            screened.profile = profile
            let answers = try [plain, screened].map { context in
                context.truncate(to: 0)
                let generation = try context.generate([1, 2, 3], plan: .vanilla, options: options)
                var answer: [GeneratedToken] = []
                while let token = try generation.step() { answer.append(token) }
                return answer
            }
            #expect(answers[0].map(\.id) == answers[1].map(\.id))
            #expect(answers[0].map { $0.logprobs.map(\.logprob) } == answers[1].map { $0.logprobs.map(\.logprob) })
            #expect(profile.exactRows.isEmpty)
        }
        for context in [plain, screened] {
            _ = try greedy(context, [4, 5], .vanilla, count: 5)
            context.run()
        }
        #expect(Array(plain.logits) == Array(screened.logits))
        #expect(screened.logits.allSatisfy { $0.isFinite })
    }

    @Test("a generation whose logits are read computes all of them, even before the first token")
    func lookedAt() throws {
        let (plain, screened) = try Self.pair(.bf16)
        for context in [plain, screened] {
            let generation = try context.generate(
                [7, 8, 9], plan: .vanilla, options: GenerationOptions(maximumTokens: 0), readsLogits: true)
            #expect(try generation.step() == nil)
        }
        #expect(Array(plain.logits) == Array(screened.logits))
    }

    @Test("a refusal names the formats that could be screened")
    func refusals() {
        for (columns, end) in [
            (1024, "leave out --screen, or choose --lm-head-format q8_0 or bf16"),
            (576, "leave out --screen, or choose --lm-head-format bf16"), (100, "leave out --screen"),
        ] {
            let sentence = "\(ConfigurationError.noScreen(format: .q4_0, columns: columns))"
            #expect(sentence.hasPrefix("lm_head in q4_0 cannot be screened: ") && sentence.hasSuffix("; " + end))
        }
    }

    @Test("drafts and batches, which need all logits, give the same tokens as without a screen")
    func otherPasses() throws {
        let models = try [false, true].map { try Self.model(.q8_0, screens: $0) }
        let plan = try SelfSpeculativePlan(exitLayer: 3, draftCount: 3, of: models[0].configuration)
        let drafted = try models.map { model in
            try greedy(LoneSequence(model.split(after: 3), options: Self.options), [1, 2, 3], plan, count: 40)
        }
        #expect(drafted[0] == drafted[1])
        let batched = try models.map { model in
            let engine = try Engine(model, options: Self.options, batchSize: 2)
            let contexts = (0..<2).map { _ in LoneSequence(in: engine) }
            for (number, context) in contexts.enumerated() { try context.begin([number + 1]) }
            engine.run(contexts)
            return contexts.map { Array($0.logits) }
        }
        #expect(batched[0] == batched[1])
    }
}
