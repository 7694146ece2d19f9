import Decoding
import Models
import Tensors
import TestSupport
import Testing

/// LayerSkip's self-speculative decoding gives the same tokens, whether or not drafts are right.
struct SelfSpeculativeTests {
    private static func sessions(
        _ shape: SyntheticModel, _ plan: SelfSpeculativePlan, _ options: SessionOptions
    ) throws -> (plain: LoneSequence, drafting: LoneSequence) {
        let model = try shape.build()
        return (
            try LoneSequence(model, options: options),
            try LoneSequence(model.split(after: plan.exitLayer), options: options)
        )
    }

    @Test("greedy tokens are vanilla's, whatever the exit, the number of drafts and the prompt")
    func greedyTokens() throws {
        let options = SessionOptions(threadCount: 2, kvFormat: .f32)
        let shape = SyntheticModel(layers: 6, headLayers: 3)
        let configuration = try shape.build().configuration
        for (exit, drafts) in [(1, 1), (2, 4), (5, 3), (5, 15)] {
            let plan = try SelfSpeculativePlan(exitLayer: exit, draftCount: drafts, of: configuration)
            for promptCount in [1, 9, 40] {
                let (plain, drafting) = try Self.sessions(shape, plan, options)
                let prompt = randomTokens(promptCount, below: 160, seed: UInt64(promptCount))
                let expected = try greedy(plain, prompt, .vanilla, count: 60)
                #expect(try greedy(drafting, prompt, plan, count: 60) == expected, "exit \(exit), \(drafts) drafts")
                #expect(Array(drafting.logits) == Array(plain.logits))
            }
        }
    }

    @Test("right drafts save head passes; wrong drafts are removed")
    func passes() throws {
        let model = try SyntheticModel(layers: 6, headLayers: 3).build()
        let plan = try SelfSpeculativePlan(exitLayer: 5, draftCount: 3, of: model.configuration)
        let whole = try LoneSequence(model.split(after: 5), options: RoutedTests.unbounded)
        let tokens = try greedy(whole, [1, 2, 3], plan, count: 80)
        #expect(tokens.count == 80)
        #expect(whole.passes.headPasses < whole.passes.trunkRows)
        #expect(whole.tokens.count == 3 + 80)
    }

    @Test("sampled tokens also come from the whole model's logits")
    func sampling() throws {
        let shape = SyntheticModel(layers: 6, headLayers: 3)
        let plan = try SelfSpeculativePlan(exitLayer: 4, draftCount: 4, of: shape.build().configuration)
        let (plain, drafting) = try Self.sessions(shape, plan, RoutedTests.unbounded)
        let sampling = SamplingParameters(temperature: 1.2, seed: 5)
        func tokens(_ session: LoneSequence, _ plan: any DecodePlan) throws -> [Int] {
            let generation = try session.generate(
                [4, 5, 6], plan: plan,
                options: GenerationOptions(maximumTokens: 50, sampling: sampling, ignoresEnd: true))
            var tokens: [Int] = []
            while let token = try generation.step() { tokens.append(token.id) }
            return tokens
        }
        #expect(try tokens(drafting, plan) == tokens(plain, .vanilla))
    }

    @Test("no draft remains after turns, truncation and a full context")
    func turns() throws {
        let shape = SyntheticModel(layers: 6, headLayers: 3, contextLength: 64)
        let plan = try SelfSpeculativePlan(exitLayer: 2, draftCount: 5, of: shape.build().configuration)
        let (plain, drafting) = try Self.sessions(shape, plan, RoutedTests.unbounded)
        for session in [plain, drafting] {
            let plan: any DecodePlan = session === plain ? .vanilla : plan
            _ = try greedy(session, [1, 2, 3], plan, count: 12)
            session.truncate(to: 9)
            _ = try greedy(session, [7, 8], plan, count: 7)
        }
        #expect(drafting.tokens == plain.tokens)
        #expect(try greedy(drafting, [9], plan, count: 100) == greedy(plain, [9], .vanilla, count: 100))
        #expect(drafting.tokens.count == 64)
    }

    @Test("invalid layers and drafts are refused")
    func refusals() throws {
        let model = try SyntheticModel(layers: 6, headLayers: 3).build()
        for (exit, drafts) in [(0, 4), (6, 4), (3, 0), (3, 16)] {
            #expect(throws: PlanError.self) {
                try model.configuration.plan(for: .layerSkip(exit: exit, drafts: drafts))
            }
        }
        #expect(try PlanRequest(plan: "layerskip:3").text == PlanRequest.layerSkip(exit: 3, drafts: nil).text)
        #expect(try PlanRequest(plan: "layerskip:3:6").text == PlanRequest.layerSkip(exit: 3, drafts: 6).text)
        #expect(throws: PlanError.unreadableLayers("layerskip:3:")) { try PlanRequest(plan: "layerskip:3:") }
    }
}
