import Decoding
import Models
import Tensors
import TestSupport
import Testing

/// The meter tells what vanilla would have chosen in place of each token, whatever the cycle that emitted it.
struct MeterTests {
    private static func metered(
        _ model: LayerStack, _ prompt: [Int], _ plan: any DecodePlan, count: Int = 40,
        options: SessionOptions = SessionOptions(threadCount: 2), sampling: SamplingParameters = .greedy
    ) throws -> (LoneSequence, Generator) {
        let sequence = try LoneSequence(model, options: options)
        let generator = try sequence.generate(
            prompt, plan: plan,
            options: GenerationOptions(maximumTokens: count, sampling: sampling, isMetered: true))
        while try generator.step() != nil {}
        generator.finishMetering()
        return (sequence, generator)
    }

    @Test("recorded choices of vanilla", arguments: ["qwen3-tied", "llama-ropescaled"])
    func goldens(name: String) throws {
        let (model, cases) = try GoldenTests.load(name)
        let refreshed = cases.filter { $0.vanillaChoice != nil }
        #expect(refreshed.count == 20)
        for golden in refreshed {
            let (_, generator) = try Self.metered(
                model, golden.prompt, golden.plan(), count: golden.tokens.count, options: golden.options(.f32))
            let agreement = try #require(generator.statistics.agreement)
            #expect(agreement.choices == golden.vanillaChoice, "\(name): \(golden)")
            #expect(agreement.total == golden.tokens.count)
            #expect(agreement.agreeing == zip(golden.tokens, agreement.choices).count { $0 == $1 })
        }
    }

    @Test("choices are those of vanilla fed the same tokens, for fixed and adaptive cycles, greedy and drawn")
    func choices() throws {
        let model = try SyntheticModel(format: .q8_0).build()
        let rule = try CycleRule(headHistory: .refreshed)
        let plans: [any DecodePlan] = [
            try MultiTokenPlan(factor: 3, rule: rule), try MultiTokenPlan(factor: 6, rule: rule),
            try AdaptivePlan(maximum: 6, threshold: 0.02, rule: rule), .vanilla, try VerifiedPlan(factor: 4),
        ]
        for plan in plans {
            for sampling in [.greedy, SamplingParameters(temperature: 1, topK: 9, seed: 5)] as [SamplingParameters] {
                for count in [1, 2, 7, 40] {
                    let prompt = randomTokens(9, below: 160, seed: 2)
                    let (sequence, generator) = try Self.metered(model, prompt, plan, count: count, sampling: sampling)
                    let own = try #require(generator.statistics.agreement)
                    #expect(own.choices.count == count && own.total == count, "\(plan.name)")
                    var sampler = Sampler(sampling, vocabularySize: 160)
                    let vanilla = try LoneSequence(model)
                    try vanilla.begin(prompt)
                    for (index, token) in sequence.tokens[prompt.count...].enumerated() {
                        vanilla.run()
                        #expect(
                            try sampler.sample(vanilla.logits) == own.choices[index], "\(plan.name), token \(index)")
                        try vanilla.append(token)
                    }
                }
            }
        }
    }

    @Test("metering changes no token, no pass and no later turn")
    func harmless() throws {
        let model = try SyntheticModel(format: .q8_0).build()
        let plan = try MultiTokenPlan(factor: 4, rule: CycleRule(headHistory: .refreshed))
        let (metered, generator) = try Self.metered(model, [1, 2, 3], plan)
        let plain = try LoneSequence(model)
        let passes = plain.passes
        let tokens = try greedy(plain, [1, 2, 3], plan, count: 40)
        #expect(metered.tokens == [1, 2, 3] + tokens)
        #expect((plain.passes - passes).trunkPasses == generator.statistics.passes.trunkPasses + 1)
        #expect(try greedy(metered, [7], plan, count: 20) == greedy(plain, [7], plan, count: 20))
    }

    @Test("a plan that never computes vanilla's logits is refused")
    func refusals() throws {
        let model = try SyntheticModel().build()
        for plan in [try MultiTokenPlan(factor: 4), try AdaptivePlan(maximum: 4), try SaturationPlan(cosine: 0.9)]
            as [any DecodePlan]
        {
            #expect(throws: GenerationError.notMetered(plan: plan.name)) { try Self.metered(model, [1], plan) }
        }
    }
}
