import Decoding
import Models
import Tensors
import TestSupport
import Testing

/// Verified cycles: vanilla's text, bit for bit, whether or not drafts are right.
struct VerifiedTests {
    @Test(
        "greedy tokens and logits are vanilla's, whatever the factor, the prompt and the format",
        arguments: [StorageFormat.f32, .bf16, .q8_0, .q4_0])
    func greedyTokens(_ format: StorageFormat) throws {
        let model = try SyntheticModel(format: format).build()
        let options = SessionOptions(threadCount: 2)
        for promptCount in [1, 2, 9, 40] {
            let prompt = randomTokens(promptCount, below: 160, seed: UInt64(promptCount))
            let plain = try LoneSequence(model, options: options)
            let expected = try greedy(plain, prompt, .vanilla, count: 60)
            for factor in [2, 3, 4, 6, 8, 16] {
                let verified = try LoneSequence(model, options: options)
                let tokens = try greedy(verified, prompt, VerifiedPlan(factor: factor), count: 60)
                #expect(tokens == expected, "verified:\(factor), prompt of \(promptCount)")
                #expect((Array(verified.logits) == Array(plain.logits)) as Bool)
            }
        }
    }

    @Test("recorded models give vanilla's recorded tokens and logits", arguments: GoldenTests.models)
    func goldens(name: String) throws {
        let (model, cases) = try GoldenTests.load(name)
        for golden in cases where golden.cycle == 0 && golden.window == 0 {
            for factor in [2, 4, 7] {
                let sequence = try LoneSequence(model, options: golden.options(.f32))
                let tokens = try greedy(
                    sequence, golden.prompt, VerifiedPlan(factor: factor), count: golden.tokens.count)
                #expect(tokens == golden.tokens, "\(name): \(golden), verified:\(factor)")
                sequence.run()
                #expect(largestDifference(sequence.logits, golden.lastLogits) < 1e-3)
            }
        }
    }

    @Test("the same seed draws vanilla's tokens, at any temperature")
    func sampling() throws {
        let model = try SyntheticModel(format: .q8_0).build()
        for (seed, temperature) in [(1, 0.3), (2, 0.8), (3, 1.5)] as [(UInt64, Float)] {
            func tokens(_ plan: any DecodePlan) throws -> [Int] {
                let sampling = SamplingParameters(temperature: temperature, topK: 20, seed: seed)
                let sequence = try LoneSequence(model, options: SessionOptions(threadCount: 2))
                let generation = try sequence.generate(
                    [4, 5, 6], plan: plan, options: GenerationOptions(maximumTokens: 50, sampling: sampling))
                while try generation.step() != nil {}
                return sequence.tokens
            }
            let expected = try tokens(.vanilla)
            for factor in [2, 5] { #expect(try tokens(VerifiedPlan(factor: factor)) == expected, "seed \(seed)") }
        }
    }

    @Test("turns, other plans between them, truncation and a full context leave no draft behind")
    func turns() throws {
        let model = try SyntheticModel(contextLength: 96, format: .q8_0).build()
        let (plain, verified) = (try LoneSequence(model), try LoneSequence(model))
        for sequence in [plain, verified] {
            let plan: any DecodePlan = sequence === plain ? .vanilla : try VerifiedPlan(factor: 5)
            _ = try greedy(sequence, [1, 2, 3], plan, count: 12)
            sequence.truncate(to: 9)
            _ = try greedy(sequence, [7, 8], plan, count: 7)
            _ = try greedy(sequence, [5], .multiToken(3), count: 8)
        }
        #expect(verified.tokens == plain.tokens)
        #expect(
            try greedy(verified, [9], VerifiedPlan(factor: 4), count: 100) == greedy(plain, [9], .vanilla, count: 100))
        #expect(verified.tokens.count == 96)
    }

    @Test("a cycle takes one trunk pass, and a head pass for each of its tokens at most")
    func passes() throws {
        let model = try SyntheticModel(format: .q8_0).build()
        let sequence = try LoneSequence(model)
        let before = PassCounts()
        _ = try greedy(sequence, [1, 2, 3], VerifiedPlan(factor: 4), count: 80)
        let passes = sequence.passes - before
        // The prompt's pass, and cycles of one trunk pass, three drafts and a verification.
        #expect(passes.headPasses - 1 == 4 * (passes.trunkPasses - 1))
        #expect(passes.trunkPasses - 1 <= 79)
    }

    @Test("what the plan cannot do is refused")
    func refusals() throws {
        for factor in [0, 1, 17] {
            #expect(throws: PlanError.verifiedFactorOutOfRange(factor)) { try VerifiedPlan(factor: factor) }
            #expect(throws: PlanError.verifiedFactorOutOfRange(factor)) { try PlanRequest(plan: "verified:\(factor)") }
        }
        #expect(throws: PlanError.unreadableFactor("x")) { try PlanRequest(plan: "verified:x") }
        #expect(throws: PlanError.noTrunk(layerCount: 4)) {
            try SyntheticModel(layers: 4, headLayers: 4).build().configuration.plan(for: .verified(4))
        }
    }
}
