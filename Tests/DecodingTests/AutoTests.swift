import Decoding
import Models
import Tensors
import TestSupport
import Testing

/// The choice of a plan before each cycle: never another text, and the fastest plan in the end.
struct AutoTests {
    @Test("the text is vanilla's, greedy and drawn, over several turns", arguments: [StorageFormat.f32, .q8_0])
    func exact(_ format: StorageFormat) throws {
        let base = Model(name: "test", try SyntheticModel(format: format).build())
        let small = SyntheticModel(layers: 3, headLayers: 1, format: format, seed: 4)
        let model = try base.drafted(by: Model(name: "small", try small.build()))
        let options = SessionOptions(threadCount: 2)
        for sampling in [.greedy, SamplingParameters(temperature: 0.6, seed: 5)] as [SamplingParameters] {
            let (auto, vanilla) = (Generator(model, options: options), Generator(base, options: options))
            for turn in 0..<3 {
                for (generator, plan) in [(auto, AutoPlan()), (vanilla, VanillaPlan())] as [(Generator, any DecodePlan)]
                {
                    try generator.begin(
                        randomTokens(7, below: 160, seed: UInt64(turn)), plan: plan,
                        options: GenerationOptions(maximumTokens: 120, sampling: sampling, ignoresEnd: true))
                    while try generator.step() != nil {}
                }
                #expect(auto.tokens == vanilla.tokens)
                #expect((Array(try auto.logits()) == Array(try vanilla.logits())) as Bool)
            }
            let records = try #require(auto.chooser).records
            #expect(records.map(\.plan.name) == ["off", "ngram", "draft", "verified:2", "verified:4", "verified:6"])
            #expect(records.allSatisfy { $0.tokenCount > 0 }, "each was tried")
        }
    }

    @Test("after the trials nearly all tokens come from the fastest plan, and a hopeless one is not tried again")
    func choice() throws {
        let plans: [any DecodePlan] = [.vanilla, try DraftedPlan(.text), try VerifiedPlan(factor: 4)]
        for speeds in [[1, 0.95, 0.3], [1, 1.5, 0.8], [1, 0.9, 2]] as [[Double]] {
            var chooser = PlanChooser(plans)
            for _ in 0..<1000 {
                let plan = chooser.choose()
                let index = plans.firstIndex { $0.name == plan.name } ?? 0
                chooser.note(tokenCount: 2, seconds: 2 / speeds[index])
            }
            let tokens = chooser.records.map { Double($0.tokenCount) / 2000 }
            let fastest = try #require(speeds.indices.max { speeds[$0] < speeds[$1] })
            #expect(tokens[fastest] > 0.95)
            let hopeless = zip(speeds, tokens).filter { $0.0 < 0.5 * speeds[fastest] }
            #expect(hopeless.allSatisfy { $0.1 <= 0.003 })
            #expect(try #require(chooser.speedup) > 0.97, "never noticeably slower than plain decoding")
        }
    }

    @Test("when texts change, so does the choice")
    func change() throws {
        let plans: [any DecodePlan] = [.vanilla, try DraftedPlan(.text)]
        var chooser = PlanChooser(plans)
        for gain in [2.0, 0.7, 2] {
            var last = ""
            for _ in 0..<400 {
                last = chooser.choose().name
                chooser.note(tokenCount: 1, seconds: last == "off" ? 1 : 1 / gain)
            }
            let chosen = (0..<20).map { _ in
                let name = chooser.choose().name
                chooser.note(tokenCount: 1, seconds: name == "off" ? 1 : 1 / gain)
                return name
            }
            #expect(chosen.count { $0 == (gain > 1 ? "ngram" : "off") } >= 18, "gain \(gain), last \(last)")
        }
    }
}
