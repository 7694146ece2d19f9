import Decoding
import Foundation
import Models
import Synchronization
import Tensors
import TestSupport
import Testing

/// A prompt whose prefix comes from disk gets the bits that it gets without a cache.
struct PromptCacheTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private var path: String { directory.path + "/cache" }

    private static func model(_ format: StorageFormat = .q8_0, seed: UInt64 = 1) throws -> Model {
        let shape = SyntheticModel(layers: 6, headLayers: 3, headWidth: 32, format: format, seed: seed)
        return Model(name: "test", try shape.build())
    }

    private func options(_ options: SessionOptions = SessionOptions(threadCount: 2)) throws -> SessionOptions {
        var options = options
        options.promptCache = try PromptCache(path)
        return options
    }

    /// An answer of a new generator, and how many tokens of its prompt it read.
    private static func answer(
        _ model: Model, _ prompt: [Int], _ options: SessionOptions, _ plan: any DecodePlan = .vanilla
    ) throws -> (tokens: [GeneratedToken], readCount: Int) {
        let generator = Generator(model, options: options)
        try generator.begin(
            prompt, plan: plan, options: GenerationOptions(maximumTokens: 8, ignoresEnd: true, logprobCount: 4))
        var tokens: [GeneratedToken] = []
        while let token = try generator.step() { tokens.append(token) }
        return (tokens, generator.statistics.prefillTokens)
    }

    private var chunks: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { $0.hasSuffix(".kv") }.sorted()
    }

    private func problems() throws -> [String] {
        var problems: [String] = []
        try CacheDirectory(path).verify { path, problem in if let problem { problems.append("\(path): \(problem)") } }
        return problems
    }

    @Test("the same bits as computed, under every plan, KV format and window that holds the prompt")
    func exact() throws {
        let model = try Self.model()
        let rules = CycleRule.allCases.compactMap { try? MultiTokenPlan(factor: 4, rule: $0) as any DecodePlan }
        let plans: [any DecodePlan] =
            [
                .vanilla, try VerifiedPlan(factor: 4), try DraftedPlan(.text),
                try AdaptivePlan(maximum: 5, threshold: 0.01),
            ]
            + rules
        let prompt = randomTokens(300, below: 160, seed: 1)
        for options in [
            SessionOptions(threadCount: 2), SessionOptions(threadCount: 1, kvFormat: .q8_0, activations: .int8),
            SessionOptions(threadCount: 2, kvFormat: .f32, window: 400, sinkCount: 3),
        ] {
            for plan in plans {
                let expected = try Self.answer(model, prompt, options, plan)
                #expect(expected.readCount == 300)
                for _ in 0..<2 {
                    let found = try Self.answer(model, prompt, self.options(options), plan)
                    #expect(found.tokens == expected.tokens, "\(plan.name), \(options.kvFormat.rawValue)")
                }
                let reused = try Self.answer(model, prompt, self.options(options), plan).readCount
                // A window of 400 makes passes, and so chunks, of 100 tokens; the prompt's last token is read in any case. Such
                // passes keep nothing of a prompt some of whose positions leave the trunk out.
                let isMasked = (plan as? MultiTokenPlan)?.rule.promptInput == .masked
                let expectedCount = options.window == nil ? 300 - 256 : isMasked ? 300 : 1
                #expect(reused == expectedCount, "\(plan)")
            }
        }
        #expect(try problems().isEmpty)
    }

    @Test(
        "prompts that share a beginning share its chunks, whatever their lengths", arguments: [129, 255, 256, 257, 384])
    func lengths(_ count: Int) throws {
        let model = try Self.model()
        let beginning = randomTokens(256, below: 160, seed: 1)
        _ = try Self.answer(model, beginning, options())
        #expect(chunks.count == 2)
        let prompt = Array(beginning.prefix(count)) + randomTokens(max(0, count - 256), below: 160, seed: UInt64(count))
        let found = try Self.answer(model, prompt, options())
        #expect(found.tokens == (try Self.answer(model, prompt, SessionOptions(threadCount: 1))).tokens)
        #expect(found.readCount == max(1, count - min(count / 128 * 128, 256)))
    }

    @Test("float weights reuse whole passes, from a text's beginning alone")
    func floats() throws {
        let model = try Self.model(.f32)
        let prompt = randomTokens(1_200, below: 160, seed: 1)
        let plain = SessionOptions(threadCount: 2)
        let expected = try Self.answer(model, prompt, plain)
        for readCount in [1_200, 176] {
            let found = try Self.answer(model, prompt, options())
            #expect(found.tokens == expected.tokens)
            #expect(found.readCount == readCount)
        }
        // Passes over a continued text begin elsewhere.
        let generators = try [plain, options()].map { Generator(model, options: $0) }
        let turns = [Array(prompt[..<100]), Array(prompt[100...])]
        let tokens = try generators.map { generator in
            try turns.flatMap { turn in
                try generator.begin(
                    turn, plan: .vanilla, options: GenerationOptions(maximumTokens: 3, ignoresEnd: true))
                return try (0..<3).map { _ in try generator.step() }
            }
        }
        #expect(tokens[0] == tokens[1])
        #expect(chunks.count == 2)
    }

    @Test("a conversation's next turn takes what another process has read of it")
    func turns() throws {
        let model = try Self.model()
        let (first, second) = (randomTokens(200, below: 160, seed: 1), randomTokens(300, below: 160, seed: 2))
        _ = try Self.answer(model, first + second, options())
        let generator = Generator(model, options: try options())
        let alone = Generator(model, options: SessionOptions(threadCount: 2))
        for (prompt, readCount) in [(first, 72), (first + second, 116), (Array(first[..<150]), 1)] {
            let answers = try [alone, generator].map { generator in
                try generator.begin(
                    prompt, isWhole: true, plan: .multiToken(3),
                    options: GenerationOptions(maximumTokens: 5, ignoresEnd: true, logprobCount: 2))
                return try (0..<5).map { _ in try generator.step() }
            }
            #expect(answers[0] == answers[1])
            #expect(generator.statistics.prefillTokens == readCount)
        }
    }

    @Test("other weights, formats, options and inputs of the head share nothing")
    func contexts() throws {
        let model = try Self.model()
        let prompt = randomTokens(200, below: 160, seed: 1)
        let sum = try MultiTokenPlan(factor: 4, rule: CycleRule(promptInput: .sum))
        _ = try Self.answer(model, prompt, options())
        for (model, plan, options) in [
            (try Self.model(seed: 2), .vanilla, SessionOptions(threadCount: 2)),
            (model, sum, SessionOptions(threadCount: 2)),
            (model, .vanilla, SessionOptions(threadCount: 2, kvFormat: .q8_0)),
            (model, .vanilla, SessionOptions(threadCount: 2, activations: .int8)),
            (model, .vanilla, SessionOptions(threadCount: 2, window: 300)),
        ] as [(Model, any DecodePlan, SessionOptions)] {
            let found = try Self.answer(model, prompt, self.options(options), plan)
            #expect(found.readCount == 200)
            #expect(found.tokens == (try Self.answer(model, prompt, options, plan)).tokens)
        }
        #expect(try Self.answer(model, prompt, options(), .multiToken(4)).readCount == 72)
    }

    @Test("one changed weight in the middle of a matrix is another checkpoint")
    func changedWeight() throws {
        let checkpoint = try AlteredCheckpoint()
        func checksum(_ threadCount: Int) throws -> UInt64 {
            try Model(path: checkpoint.write()).stack.checksum(threadCount: threadCount)
        }
        let first = try checksum(2)
        checkpoint.change("model.layers.1.mlp.up_proj.weight") { $0[$0.count / 2 + 77] += 1 }
        let second = try checksum(1)
        #expect(first != second)
        #expect(try checksum(2) == second)
    }

    @Test("every flipped byte is found, and a damaged chunk is computed anew and replaced")
    func damage() throws {
        let model = try Self.model()
        let prompt = randomTokens(130, below: 160, seed: 1)
        let expected = try Self.answer(model, prompt, options()).tokens
        let name = try #require(chunks.first)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path + "/" + name))
        let places =
            Array(0..<1_200) + Array(stride(from: 1_200, to: whole.count, by: 397))
            + Array(whole.count - 40..<whole.count)
        for place in places {
            var bytes = whole
            bytes[place] ^= UInt8(1 << (place % 8))
            try bytes.write(to: URL(fileURLWithPath: path + "/" + name))
            #expect(try problems().count == 1, "byte \(place)")
        }
        var damaged = [whole.prefix(0), whole.prefix(7), whole.prefix(100), whole.prefix(whole.count - 1), whole + [0]]
        damaged += [places[3], 700, places[places.count / 2]].map { place in
            var bytes = whole
            bytes[place] ^= 0x10
            return bytes
        }
        for bytes in damaged {
            try bytes.write(to: URL(fileURLWithPath: path + "/" + name))
            #expect(try problems().count == 1)
            let found = try Self.answer(model, prompt, options())
            #expect(found.tokens == expected)
            #expect(found.readCount == 130)
            #expect(try problems().isEmpty)
            #expect(try Self.answer(model, prompt, options()).readCount == 2)
        }
        // A directory where a chunk belongs.
        try FileManager.default.removeItem(atPath: path + "/" + name)
        try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: false)
        #expect(try Self.answer(model, prompt, options()).tokens == expected)
    }

    @Test("the least recently used chunks go first, and a prompt's later chunks before its beginning")
    func eviction() throws {
        let model = try Self.model()
        let prompts = (0..<4).map { randomTokens(300, below: 160, seed: UInt64($0)) }
        _ = try Self.answer(model, prompts[0], options())
        let size = try CacheDirectory(path).contents().byteCount
        var limited = SessionOptions(threadCount: 2)
        limited.promptCache = try PromptCache(path, byteLimit: size * 5 / 4)
        for prompt in prompts[1...] {
            _ = try Self.answer(model, prompt, limited)
            #expect(try CacheDirectory(path).contents().byteCount <= size * 5 / 4)
            #expect(try Self.answer(model, prompt, limited).readCount == 300 - 256)
        }
        #expect(try Self.answer(model, prompts[0], limited).readCount == 300)
        limited.promptCache = try PromptCache(path, byteLimit: size * 3 / 4)
        _ = try Self.answer(model, prompts[1], limited)
        #expect(try Self.answer(model, prompts[1], limited).readCount == 300 - 128)
        #expect(try CacheDirectory(path).clear().count == 1)
        #expect(chunks.isEmpty)
    }

    @Test("processes that share a directory, one of which keeps clearing it, get their own answers")
    func sharing() throws {
        let model = try Self.model()
        let prompts = (0..<3).map { randomTokens(150 + 60 * $0, below: 160, seed: UInt64($0)) }
        let expected = try prompts.map { try Self.answer(model, $0, SessionOptions(threadCount: 1)).tokens }
        var options = SessionOptions(threadCount: 1)
        options.promptCache = try PromptCache(path, byteLimit: 1 << 18)
        let (shared, path) = (options, path)
        let faults = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 4) { worker in
            for round in 0..<12 {
                let index = (worker + round) % prompts.count
                let found = try? Self.answer(model, prompts[index], shared)
                if found?.tokens != expected[index] { faults.add(1, ordering: .relaxed) }
                if worker == 3 { _ = try? CacheDirectory(path).clear() }
            }
        }
        #expect(faults.load(ordering: .relaxed) == 0)
        #expect(try problems().isEmpty)
    }

    @Test("a directory that cannot be written is reported once, and the answer is complete")
    func unwritable() throws {
        let model = try Self.model()
        let prompt = randomTokens(400, below: 160, seed: 1)
        let reports = Mutex<[String]>([])
        var options = SessionOptions(threadCount: 2)
        options.promptCache = try PromptCache(path) { report in reports.withLock { $0.append(report) } }
        try FileManager.default.removeItem(atPath: path)
        try directory.write("a file in its place", "cache")
        let expected = try Self.answer(model, prompt, SessionOptions(threadCount: 2)).tokens
        for _ in 0..<2 { #expect(try Self.answer(model, prompt, options).tokens == expected) }
        #expect(reports.withLock(\.count) == 1)
        #expect(reports.withLock { $0[0].contains("the prompt cache is not updated: ") })
        #expect(throws: PromptCacheError.unusable(path: path, reason: "is not a directory")) { try PromptCache(path) }
    }

    @Test("texts longer than a window, plans that skip layers, and short prompts leave the cache alone")
    func bypass() throws {
        let shape = SyntheticModel(layers: 6, headLayers: 3, format: .q8_0, routed: [1, 3])
        let model = Model(name: "test", try shape.build())
        let prompt = randomTokens(300, below: 160, seed: 1)
        let plans: [(any DecodePlan, SessionOptions, [Int])] = [
            (.flexiDepth, SessionOptions(threadCount: 2), prompt),
            (try model.configuration.plan(for: .exit(layers: 4)), SessionOptions(threadCount: 2), prompt),
            (.vanilla, SessionOptions(threadCount: 2, window: 40, sinkCount: 2), prompt),
            (.vanilla, SessionOptions(threadCount: 2), Array(prompt[..<127])),
        ]
        for (plan, options, prompt) in plans {
            let expected = try Self.answer(model, prompt, options, plan).tokens
            for _ in 0..<2 {
                let found = try Self.answer(model, prompt, self.options(options), plan)
                #expect(found.tokens == expected)
                #expect(found.readCount == prompt.count)
            }
        }
    }
}
