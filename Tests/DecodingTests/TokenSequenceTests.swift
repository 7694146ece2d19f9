import Decoding
import Models
import Tensors
import TestSupport
import Testing

struct LoneSequenceTests {
    static let options = SessionOptions(threadCount: 1, kvFormat: .f32)

    static func freshLogits(
        _ model: LayerStack, _ tokens: [Int], _ plan: any DecodePlan, _ options: SessionOptions = options
    ) throws -> [Float] {
        let context = try LoneSequence(model, options: options)
        try context.begin(tokens, plan: plan)
        context.run()
        return Array(context.logits)
    }

    @Test("the next turn gives the same as a new sequence, for all plans and windows")
    func nextTurn() throws {
        let model = try SyntheticModel().build()
        let plans: [any DecodePlan] = [
            .vanilla, try .multiToken(1), try .multiToken(3), try .multiToken(6),
            try MultiTokenPlan(factor: 4, rule: .absolute),
            try MultiTokenPlan(factor: 4, rule: CycleRule(promptInput: .sum)),
            try MultiTokenPlan(factor: 4, rule: CycleRule(history: .shadow)),
            try MultiTokenPlan(factor: 3, rule: CycleRule(promptInput: .sum, history: .shadow)),
            try MultiTokenPlan(factor: 6, rule: CycleRule(phase: .absolute, history: .shadow)),
        ]
        for (index, first) in plans.enumerated() {
            for second in plans {
                for window in [nil, 5, 200] as [Int?] {
                    let options = SessionOptions(threadCount: 1, kvFormat: .f32, window: window, sinkCount: 2)
                    let context = try LoneSequence(model, options: options)
                    _ = try greedy(context, randomTokens(13, below: 160, seed: UInt64(index)), first, count: 30)
                    try context.begin(randomTokens(7, below: 160, seed: 99), plan: second)
                    context.run()
                    let fresh = try Self.freshLogits(model, context.tokens, second, options)
                    #expect(
                        largestDifference(context.logits, fresh) < 2e-4,
                        "\(first) then \(second), window \(String(describing: window))")
                }
            }
        }
    }

    @Test("the next turn runs the trunk over new tokens only")
    func nextTurnReusesTheTrunk() throws {
        let model = try SyntheticModel().build()
        let context = try LoneSequence(model, options: Self.options)
        _ = try greedy(context, randomTokens(20, below: 160, seed: 1), .multiToken(4), count: 40)
        let before = context.passes
        let unseen = context.tokens.count - before.trunkRows
        try context.begin(randomTokens(5, below: 160, seed: 2), plan: .multiToken(4))
        context.run()
        #expect((context.passes - before).trunkRows == unseen + 5)
        #expect((context.passes - before).headRows == 40 + 5)
    }

    @Test("a truncated sequence continues as if it had never been longer")
    func truncation() throws {
        let model = try SyntheticModel().build()
        for (window, kept) in [(nil, 3), (nil, 20), (nil, 37), (6, 3), (6, 37), (300, 20)] as [(Int?, Int)] {
            let options = SessionOptions(threadCount: 1, kvFormat: .f32, window: window)
            let context = try LoneSequence(model, options: options)
            let plan = try MultiTokenPlan(factor: 5)
            _ = try greedy(context, randomTokens(20, below: 160, seed: 1), plan, count: 20)
            context.truncate(to: kept)
            try context.begin([4, 5, 6], plan: plan)
            context.run()
            let fresh = try Self.freshLogits(model, context.tokens, plan, options)
            #expect(largestDifference(context.logits, fresh) < 2e-4, "\(String(describing: window)) \(kept)")
        }
    }

    @Test("a cycle is one trunk pass over unseen tokens, then one head pass per token")
    func timeline() throws {
        let model = try SyntheticModel().build()
        let context = try LoneSequence(model, options: Self.options)
        try context.begin(randomTokens(10, below: 160, seed: 1), plan: .multiToken(4))
        context.run()
        #expect(context.passes.trunkRows == 10 && context.passes.headRows == 10)
        var trunkRows: [Int] = []
        for token in 0..<9 {
            try context.append(token)
            context.run()
            trunkRows.append(context.passes.trunkRows)
        }
        #expect(trunkRows == [11, 11, 11, 11, 15, 15, 15, 15, 19])
        #expect(context.passes.headPasses == 1 + 9)
        #expect(context.passes.trunkPasses == 1 + 3)
    }

    @Test("absolute phase: the cycle after the prompt may be short; the refill covers all unseen tokens")
    func absoluteTimeline() throws {
        let model = try SyntheticModel().build()
        let context = try LoneSequence(model, options: Self.options)
        try context.begin(randomTokens(10, below: 160, seed: 1), plan: MultiTokenPlan(factor: 4, rule: .absolute))
        context.run()
        #expect(context.passes.trunkRows == 9)  // positions 0 ... 8: 8 is the last whose input includes T
        var trunkRows: [Int] = []
        for token in 0..<7 {
            try context.append(token)
            context.run()
            trunkRows.append(context.passes.trunkRows)
        }
        #expect(trunkRows == [9, 9, 13, 13, 13, 13, 17])
    }

    @Test("shadow history: one trunk row per cycle, and no other entry in the trunk's ring")
    func shadowTimeline() throws {
        let model = try SyntheticModel().build()
        let context = try LoneSequence(model, options: Self.options)
        let plan = try MultiTokenPlan(factor: 4, rule: CycleRule(history: .shadow))
        try context.begin(randomTokens(250, below: 160, seed: 1), plan: plan)
        context.run()
        var trunkRows: [Int] = []
        for token in 0..<24 {
            try context.append(token)
            context.run()
            trunkRows.append(context.passes.trunkRows)
        }
        #expect(trunkRows == (0..<24).map { 251 + $0 / 4 })
        #expect(context.passes.trunkPasses == 1 + 6)
        // 274 positions: the head's ring has grown beyond its first 256 slots, the trunk's has not.
        let entries = RingEntries(plan, positions: 274, promptCount: 250)
        #expect((entries.trunk, entries.head) == (256, 274))
        let slots = model.configuration.trunkLayerCount * 256 + model.configuration.headLayerCount * 512
        #expect(context.kvByteCount == slots * 2 * 2 * 16 * 4)  // K and V, kv heads, head width, float32
    }

    @Test("shadow history: the next turn runs the trunk again from the first token that a cycle skipped")
    func shadowNextTurn() throws {
        let model = try SyntheticModel().build()
        let context = try LoneSequence(model, options: Self.options)
        let plan = try MultiTokenPlan(factor: 4, rule: CycleRule(promptInput: .sum, history: .shadow))
        _ = try greedy(context, randomTokens(20, below: 160, seed: 1), plan, count: 40)
        let before = context.passes
        try context.begin(randomTokens(5, below: 160, seed: 2), plan: plan)
        context.run()
        // The first generated token began a cycle after nothing but the prompt.
        #expect((context.passes - before).trunkRows == 39 + 5)
        #expect((context.passes - before).headRows == 39 + 5)
    }

    @Test("a cancelled prompt continues where it stopped")
    func cancellation() throws {
        let model = try SyntheticModel().build()
        let prompt = randomTokens(1500, below: 160, seed: 1)
        let context = try LoneSequence(model, options: Self.options)
        try context.begin(prompt, plan: .multiToken(2))
        var checks = 0
        let finished = context.run(isCancelled: {
            checks += 1
            return checks > 3
        })
        #expect(!finished)
        context.run()
        let fresh = try Self.freshLogits(model, prompt, .multiToken(2))
        #expect(Array(context.logits) == fresh)
    }

    @Test("with a window the cache is bounded by sinks, window and the widest pass")
    func windowBytes() throws {
        let model = try SyntheticModel().build()
        let options = SessionOptions(threadCount: 1, kvFormat: .f16, window: 64, sinkCount: 4)
        let context = try LoneSequence(model, options: options)
        _ = try greedy(context, randomTokens(200, below: 160, seed: 1), .multiToken(4), count: 200)
        let slots = 4 + 64 + 16 - 1
        let bytesPerSlot = 2 * 11 * 2 * 16 * 2  // K and V, layers, kv heads, head width, float16
        #expect(context.kvByteCount == slots * bytesPerSlot)
    }

    @Test("a prompt that does not fit the context is refused before any pass, with both numbers")
    func refusals() throws {
        let model = try SyntheticModel(contextLength: 32).build()
        let context = try LoneSequence(model, options: Self.options)
        #expect(throws: SessionError.emptyPrompt) { try context.begin([]) }
        #expect(throws: SessionError.tokenOutOfRange(160, vocabularySize: 160)) { try context.begin([1, 160]) }
        #expect(throws: SessionError.tokenOutOfRange(-1, vocabularySize: 160)) { try context.begin([-1]) }
        #expect(throws: SessionError.promptTooLong(count: 33, contextLength: 32)) {
            try context.begin(Array(repeating: 1, count: 33))
        }
        #expect(context.tokens.isEmpty)
        #expect(throws: SessionError.threadCount(0)) {
            try LoneSequence(model, options: SessionOptions(threadCount: 0))
        }
        #expect(throws: SessionError.window(0)) {
            try LoneSequence(model, options: SessionOptions(threadCount: 1, window: 0))
        }
        #expect(throws: SessionError.sinkCount(-1)) {
            try LoneSequence(model, options: SessionOptions(threadCount: 1, sinkCount: -1))
        }
    }

    @Test("a full context ends the generation with this reason; a window never does")
    func fullContext() throws {
        let model = try SyntheticModel(contextLength: 32).build()
        for (window, expected) in [(nil, 22), (8, 50)] as [(Int?, Int)] {
            let context = try LoneSequence(model, options: SessionOptions(threadCount: 1, window: window))
            let generation = try context.generate(
                randomTokens(10, below: 160, seed: 1), plan: .multiToken(3),
                options: GenerationOptions(maximumTokens: 50, ignoresEnd: true))
            var count = 0
            while try generation.step() != nil { count += 1 }
            #expect(count == expected)
            #expect(generation.finishReason == (window == nil ? .context : .length))
        }
    }
}
