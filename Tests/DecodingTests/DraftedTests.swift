import Decoding
import Foundation
import Models
import Tensors
import TestSupport
import Testing

/// Drafts of a smaller model and of the text itself: vanilla's text, bit for bit, whatever is drafted.
struct DraftedTests {
    /// A model, and one with other weights and fewer layers that drafts for it.
    private static func models(_ format: StorageFormat) throws -> (model: LayerStack, draft: LayerStack) {
        let draft = SyntheticModel(layers: 3, headLayers: 1, format: format, seed: 4)
        return (try SyntheticModel(format: format).build(), try draft.build())
    }

    private static func text(
        _ model: Model, _ prompt: [Int], _ plan: any DecodePlan, _ options: SessionOptions, count: Int = 60,
        sampling: SamplingParameters = .greedy, verifyRule: VerifyRule = .exact
    ) throws -> (tokens: [Int], logits: [Float], drafts: DraftCounts) {
        let generator = Generator(model, options: options)
        try generator.begin(
            prompt, plan: plan,
            options: GenerationOptions(
                maximumTokens: count, sampling: sampling, ignoresEnd: true, verifyRule: verifyRule))
        while try generator.step() != nil {}
        return (generator.tokens, Array(try generator.logits()), generator.statistics.drafts)
    }

    @Test(
        "tokens and logits are vanilla's, greedy and drawn, for every source, prompt, window and format",
        arguments: [StorageFormat.f32, .bf16, .q8_0, .q4_0])
    func exact(_ format: StorageFormat) throws {
        let (stack, other) = try Self.models(format)
        let base = Model(name: "test", stack)
        let drafts = [
            try base.drafted(by: Model(name: "small", other)), try base.drafted(by: Model(name: "same", stack)),
        ]
        for (window, sinks) in [(nil, 0), (20, 2), (64, 0)] as [(Int?, Int)] {
            let options = SessionOptions(threadCount: 2, window: window, sinkCount: sinks)
            for promptCount in [1, 2, 30, 300] {
                let prompt = randomTokens(promptCount, below: 160, seed: UInt64(promptCount))
                for sampling in [.greedy, SamplingParameters(temperature: 0.4, topK: 12, seed: 5)]
                    as [SamplingParameters]
                {
                    let vanilla = try Self.text(base, prompt, .vanilla, options, sampling: sampling)
                    var plans: [(Model, any DecodePlan)] = [(base, try DraftedPlan(.text))]
                    for draft in drafts {
                        plans += [(draft, try DraftedPlan(.model)), (draft, try DraftedPlan(.model, draftCount: 2))]
                    }
                    plans += [2, 3, 4, 6, 8].compactMap { (try? VerifiedPlan(factor: $0)).map { (base, $0) } }
                    for (model, plan) in plans {
                        let own = try Self.text(model, prompt, plan, options, sampling: sampling)
                        #expect(
                            (own.tokens == vanilla.tokens && own.logits == vanilla.logits) as Bool,
                            "\(plan.name) by \(model.name), prompt of \(promptCount), window \(window ?? 0)")
                    }
                    let certain = try Self.text(
                        drafts[1], prompt, DraftedPlan(.model), options, sampling: sampling)
                    #expect(certain.drafts.acceptance.allSatisfy { $0 == 1 }, "the model itself drafts its own tokens")
                }
            }
        }
    }

    @Test("turns, truncation, full contexts and a smaller context of the draft leave nothing behind")
    func turns() throws {
        let stack = try SyntheticModel(contextLength: 96, format: .q8_0).build()
        let base = Model(name: "test", stack)
        let small = SyntheticModel(layers: 3, headLayers: 1, contextLength: 48, format: .q8_0, seed: 4)
        let drafted = try base.drafted(by: Model(name: "small", try small.build()))
        let generators = [Generator(base), Generator(drafted), Generator(base)]
        let plans: [any DecodePlan] = [.vanilla, try DraftedPlan(.model), try DraftedPlan(.text)]
        var texts: [[Int]] = []
        for (generator, plan) in zip(generators, plans) {
            func generate(_ prompt: [Int], _ plan: any DecodePlan, _ count: Int) throws {
                let options = GenerationOptions(maximumTokens: count, sampling: .greedy, ignoresEnd: true)
                try generator.begin(prompt, plan: plan, options: options)
                while try generator.step() != nil {}
            }
            try generate([1, 2, 3], plan, 12)
            try generator.truncate(to: 9)
            try generate([7, 8], plan, 7)
            try generate([5], .multiToken(3), 8)
            try generate([9, 9], plan, 100)
            texts.append(generator.tokens)
        }
        #expect(texts[0].count == 96)
        #expect(texts[1] == texts[0] && texts[2] == texts[0])
    }

    @Test(
        "sequences with drafts of a smaller model share passes with others, and get their own bits",
        arguments: [StorageFormat.f32, .q8_0])
    func batches(_ format: StorageFormat) throws {
        let (stack, other) = try Self.models(format)
        let base = Model(name: "test", stack)
        let options = SessionOptions(threadCount: 2)
        for draft in [other, stack] {
            let engine = try Engine(stack, options: options, batchSize: 6, draft: draft)
            let plans: [any DecodePlan] = [
                try DraftedPlan(.model), .vanilla, try DraftedPlan(.model, draftCount: 3), try DraftedPlan(.text),
                try VerifiedPlan(factor: 4), try DraftedPlan(.model, draftCount: 15),
            ]
            let sequences = plans.map { _ in engine.makeSequence() }
            var waiting = try plans.enumerated().map { index, plan in
                let generator = Generator(base, sharing: engine, sequence: sequences[index])
                let sampling = SamplingParameters(temperature: index.isMultiple(of: 2) ? 0.5 : 0, seed: UInt64(index))
                try generator.begin(
                    randomTokens(5 + 9 * index, below: 160, seed: UInt64(index)), plan: plan,
                    options: GenerationOptions(maximumTokens: 20 + 5 * index, sampling: sampling, ignoresEnd: true))
                return (index, generator)
            }
            var running: [(Int, Generator)] = []
            while !waiting.isEmpty || !running.isEmpty {
                if !waiting.isEmpty { running.append(waiting.removeFirst()) }
                engine.run(running.map { sequences[$0.0] })
                running = try running.filter { _, generator in
                    _ = try generator.take()
                    return generator.finishReason == nil
                }
            }
            for (index, sequence) in sequences.enumerated() {
                let sampling = SamplingParameters(temperature: index.isMultiple(of: 2) ? 0.5 : 0, seed: UInt64(index))
                let alone = try Self.text(
                    base, randomTokens(5 + 9 * index, below: 160, seed: UInt64(index)), .vanilla, options,
                    count: 20 + 5 * index, sampling: sampling)
                #expect(sequence.tokens == alone.tokens, "\(plans[index].name)")
            }
        }
    }

    @Test("the text's drafts are what followed the longest suffix that occurred before")
    func continuations() {
        func drafts(_ text: [Int], _ count: Int = 4) -> [Int] { TextDrafter.continuation(of: text, count: count) }
        #expect(drafts([0, 1, 2, 3, 4, 5, 0, 1, 2]) == [3, 4, 5, 0])
        #expect(drafts([0, 1, 2, 3, 9, 0, 1, 2, 4, 8, 0, 1, 2]) == [4, 8, 0, 1], "of equal matches, the last")
        #expect(drafts([7, 0, 1, 2, 3, 6, 0, 1, 2, 4, 7, 0, 1, 2]) == [3, 6, 0, 1], "the longest, not the last")
        #expect(drafts([5, 5, 5, 5]) == [5, 5, 5, 5], "a match that overlaps its end repeats")
        #expect(drafts([1, 2, 3, 1, 2, 3], 4) == [1, 2, 3, 1])
        #expect(drafts([1, 2, 3, 4, 5, 1, 2]) == [3, 4], "few after a short match")
        for text in [[], [1], [1, 1], [1, 2, 3], [1, 2, 3, 1]] { #expect(drafts(text) == []) }
    }

    @Test("drafts that are accepted grow, drafts that are rejected pause")
    func pace() {
        var pace = DraftPace()
        #expect(pace.length(maximum: 15) == 4 && pace.length(maximum: 3) == 3)
        pace.judge(drafted: 4, accepted: 4)
        #expect(pace.length(maximum: 15) == 8)
        pace.judge(drafted: 8, accepted: 2)
        #expect(pace.length(maximum: 15) == 3)
        var drafting = 0
        for _ in 0..<400 {
            if pace.length(maximum: 15) == 0 {
                pace.rest()
            } else {
                drafting += 1
                pace.judge(drafted: 1, accepted: 0)
            }
        }
        #expect(drafting < 20, "text that cannot be guessed is hardly drafted")
        while pace.length(maximum: 15) == 0 { pace.rest() }
        pace.judge(drafted: 1, accepted: 1)
        #expect(pace.length(maximum: 15) > 1)
    }

    @Test("a draft model with another vocabulary, and a plan without its model, are refused")
    func refusals() throws {
        let model = Model(name: "test", try SyntheticModel().build())
        let other = Model(name: "other", try SyntheticModel(vocabulary: 161).build())
        #expect(throws: DraftError.otherSize(draft: "other", size: 161, modelSize: 160)) {
            try model.drafted(by: other)
        }
        #expect(throws: PlanError.noDraftModel) { try model.plan(for: .drafted(.model), options: SessionOptions()) }
        for count in [0, 16] {
            #expect(throws: PlanError.draftsOutOfRange(plan: "ngram", count)) {
                try DraftedPlan(.text, draftCount: count)
            }
        }
        #expect(throws: PlanError.unreadableDrafts(plan: "draft", "x")) { try PlanRequest(plan: "draft:x") }
        #expect(try PlanRequest(plan: "ngram").description == "ngram")
        #expect(try PlanRequest(plan: "draft:3").description == "draft:3")
    }
}

/// Rejection sampling keeps the distribution (Leviathan et al., arXiv 2211.17192).
struct VerifyRuleTests {
    @Test("a verified draft has the target's distribution: chi-squared over a million draws, drawn and certain drafts")
    func distribution() throws {
        let target: [Float] = [2, 1.2, 0.3, 0, -0.5, -1, -2, -3]
        let draft: [Float] = [0.2, 1.9, -1, 0.4, -0.5, 1, -3, -2]
        for (topK, isDrawn) in [(0, true), (5, true), (0, false)] {
            var (counts, accepted) = ([Int](repeating: 0, count: 8), 0)
            let draws = 1_000_000
            var expected = [Double](repeating: 0, count: 8)
            let sampling = SamplingParameters(temperature: 0.9, topK: topK)
            for seed in 0..<draws {
                var own = sampling
                own.seed = UInt64(seed)
                var sampler = Sampler(own, verifyRule: .distribution, vocabularySize: 8)
                var drafting = try #require(sampler.draftSampler)
                let drafted = try draft.withUnsafeBufferPointer {
                    isDrawn ? try drafting.draft(from: $0, number: 0) : DraftedToken(1)
                }
                let token = try target.withUnsafeBufferPointer { try sampler.sample($0, draft: drafted) }
                counts[token] += 1
                accepted += token == drafted.token ? 1 : 0
            }
            let kept = topK > 0 ? topK : 8
            for token in 0..<kept { expected[token] = Double(expf(target[token] / 0.9)) }
            let total = expected.reduce(0, +)
            var statistic = 0.0
            for token in 0..<kept {
                let mean = expected[token] / total * Double(draws)
                statistic += (Double(counts[token]) - mean) * (Double(counts[token]) - mean) / mean
            }
            // Exceeded once in a million runs if the distribution is right: 40.5 at 7 degrees of freedom, 33.4 at 4.
            #expect(statistic < (kept == 8 ? 40.5 : 33.4), "top-k \(topK), drawn \(isDrawn): \(statistic)")
            #expect(counts[kept...].allSatisfy { $0 == 0 })
            #expect(accepted > draws / 10)
        }
    }

    @Test("more drafts are accepted than by equal random numbers alone, and greedy texts stay vanilla's")
    func acceptance() throws {
        let model = try SyntheticModel(format: .q8_0).build()
        func run(_ rule: VerifyRule, _ sampling: SamplingParameters) throws -> (tokens: [Int], drafts: DraftCounts) {
            let sequence = try LoneSequence(model)
            let generator = try sequence.generate(
                [1, 2, 3], plan: VerifiedPlan(factor: 4),
                options: GenerationOptions(maximumTokens: 300, sampling: sampling, verifyRule: rule))
            while try generator.step() != nil {}
            return (sequence.tokens, generator.statistics.drafts)
        }
        #expect(try run(.distribution, .greedy).tokens == run(.exact, .greedy).tokens)
        let drawn = SamplingParameters(temperature: 1.5, topK: 20, seed: 3)
        let (exact, distribution) = (try run(.exact, drawn), try run(.distribution, drawn))
        #expect(try run(.distribution, drawn).tokens == distribution.tokens, "the same seed gives the same text")
        #expect(distribution.drafts.acceptedTotal > 0 && exact.drafts.acceptedTotal > 0)
    }
}
