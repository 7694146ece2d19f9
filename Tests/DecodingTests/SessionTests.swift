import Decoding
import Models
import Tensors
import TestSupport
import Testing

struct SessionTests {
    static let options = SessionOptions(threadCount: 1, kvFormat: .f32)

    static func freshLogits(
        _ model: LayerStack, _ tokens: [Int], _ plan: any DecodePlan, _ options: SessionOptions = options
    ) throws -> [Float] {
        let session = try Session(model: model, options: options)
        try session.begin(tokens, plan: plan)
        session.run()
        return Array(session.logits)
    }

    @Test("the next turn gives what a fresh session gives, whatever the plans and windows")
    func nextTurn() throws {
        let model = try SyntheticModel().build()
        let plans: [any DecodePlan] = [
            .vanilla, try .multiToken(1), try .multiToken(3), try .multiToken(6),
            try MultiTokenPlan(factor: 4, phase: .absolute),
        ]
        for (index, first) in plans.enumerated() {
            for second in plans {
                for window in [nil, 5, 200] as [Int?] {
                    let options = SessionOptions(threadCount: 1, kvFormat: .f32, window: window, sinkCount: 2)
                    let session = try Session(model: model, options: options)
                    _ = try greedy(session, randomTokens(13, below: 160, seed: UInt64(index)), first, count: 30)
                    try session.begin(randomTokens(7, below: 160, seed: 99), plan: second)
                    session.run()
                    let fresh = try Self.freshLogits(model, session.tokens, second, options)
                    #expect(
                        largestDifference(session.logits, fresh) < 2e-4,
                        "\(first) then \(second), window \(String(describing: window))")
                }
            }
        }
    }

    @Test("the next turn runs the trunk over new tokens only")
    func nextTurnReusesTheTrunk() throws {
        let model = try SyntheticModel().build()
        let session = try Session(model: model, options: Self.options)
        _ = try greedy(session, randomTokens(20, below: 160, seed: 1), .multiToken(4), count: 40)
        let before = session.passes
        let unseen = session.tokens.count - before.trunkRows
        try session.begin(randomTokens(5, below: 160, seed: 2), plan: .multiToken(4))
        session.run()
        #expect((session.passes - before).trunkRows == unseen + 5)
        #expect((session.passes - before).headRows == 40 + 5)
    }

    @Test("a truncated session goes on as if it had never been longer")
    func truncation() throws {
        let model = try SyntheticModel().build()
        for (window, kept) in [(nil, 3), (nil, 20), (nil, 37), (6, 3), (6, 37), (300, 20)] as [(Int?, Int)] {
            let options = SessionOptions(threadCount: 1, kvFormat: .f32, window: window)
            let session = try Session(model: model, options: options)
            let plan = try MultiTokenPlan(factor: 5)
            _ = try greedy(session, randomTokens(20, below: 160, seed: 1), plan, count: 20)
            session.truncate(to: kept)
            try session.begin([4, 5, 6], plan: plan)
            session.run()
            let fresh = try Self.freshLogits(model, session.tokens, plan, options)
            #expect(largestDifference(session.logits, fresh) < 2e-4, "\(String(describing: window)) \(kept)")
        }
    }

    @Test("a cycle is one trunk pass over what it has not seen, then a head pass a token")
    func timeline() throws {
        let model = try SyntheticModel().build()
        let session = try Session(model: model, options: Self.options)
        try session.begin(randomTokens(10, below: 160, seed: 1), plan: .multiToken(4))
        session.run()
        #expect(session.passes.trunkRows == 10 && session.passes.headRows == 10)
        var trunkRows: [Int] = []
        for token in 0..<9 {
            try session.append(token)
            session.run()
            trunkRows.append(session.passes.trunkRows)
        }
        #expect(trunkRows == [11, 11, 11, 11, 15, 15, 15, 15, 19])
        #expect(session.passes.headPasses == 1 + 9)
        #expect(session.passes.trunkPasses == 1 + 3)
    }

    @Test("absolute phase: the cycle after the prompt may be short, the refill holds all that is unseen")
    func absoluteTimeline() throws {
        let model = try SyntheticModel().build()
        let session = try Session(model: model, options: Self.options)
        try session.begin(randomTokens(10, below: 160, seed: 1), plan: MultiTokenPlan(factor: 4, phase: .absolute))
        session.run()
        #expect(session.passes.trunkRows == 9)  // positions 0 ... 8: 8 is the last whose feed holds T
        var trunkRows: [Int] = []
        for token in 0..<7 {
            try session.append(token)
            session.run()
            trunkRows.append(session.passes.trunkRows)
        }
        #expect(trunkRows == [9, 9, 13, 13, 13, 13, 17])
    }

    @Test("a cancelled prompt goes on where it stopped")
    func cancellation() throws {
        let model = try SyntheticModel().build()
        let prompt = randomTokens(1500, below: 160, seed: 1)
        let session = try Session(model: model, options: Self.options)
        try session.begin(prompt, plan: .multiToken(2))
        var checks = 0
        let finished = session.run(isCancelled: {
            checks += 1
            return checks > 3
        })
        #expect(!finished)
        session.run()
        let fresh = try Self.freshLogits(model, prompt, .multiToken(2))
        #expect(Array(session.logits) == fresh)
    }

    @Test("a window bounds the cache: sinks, window and one pass's slack")
    func windowBytes() throws {
        let model = try SyntheticModel().build()
        let options = SessionOptions(threadCount: 1, kvFormat: .f16, window: 64, sinkCount: 4)
        let session = try Session(model: model, options: options)
        _ = try greedy(session, randomTokens(200, below: 160, seed: 1), .multiToken(4), count: 200)
        let slots = 4 + 64 + 16 - 1
        let bytesPerSlot = 2 * 11 * 2 * 16 * 2  // K and V, layers, kv heads, head width, float16
        #expect(session.kvByteCount == slots * bytesPerSlot)
    }

    @Test("what a session cannot take is refused before work starts, with both numbers")
    func refusals() throws {
        let model = try SyntheticModel(contextLength: 32).build()
        let session = try Session(model: model, options: Self.options)
        #expect(throws: SessionError.emptyPrompt) { try session.begin([]) }
        #expect(throws: SessionError.tokenOutOfRange(160, vocabularySize: 160)) { try session.begin([1, 160]) }
        #expect(throws: SessionError.tokenOutOfRange(-1, vocabularySize: 160)) { try session.begin([-1]) }
        #expect(throws: SessionError.promptTooLong(count: 33, contextLength: 32)) {
            try session.begin(Array(repeating: 1, count: 33))
        }
        #expect(session.tokens.isEmpty)
        #expect(throws: SessionError.threadCount(0)) {
            try Session(model: model, options: SessionOptions(threadCount: 0))
        }
        #expect(throws: SessionError.window(0)) {
            try Session(model: model, options: SessionOptions(threadCount: 1, window: 0))
        }
        #expect(throws: SessionError.sinkCount(-1)) {
            try Session(model: model, options: SessionOptions(threadCount: 1, sinkCount: -1))
        }
    }

    @Test("a full context ends generation and says so; a window has no end")
    func fullContext() throws {
        let model = try SyntheticModel(contextLength: 32).build()
        for (window, expected) in [(nil, 22), (8, 50)] as [(Int?, Int)] {
            let session = try Session(model: model, options: SessionOptions(threadCount: 1, window: window))
            let generation = try Generation(
                session, prompt: randomTokens(10, below: 160, seed: 1), plan: .multiToken(3),
                options: GenerationOptions(maximumTokens: 50, ignoresEnd: true), tokenizer: nil, endTokens: [])
            var count = 0
            while try generation.step() != nil { count += 1 }
            #expect(count == expected)
            #expect(generation.finishReason == (window == nil ? .context : .length))
        }
    }
}
