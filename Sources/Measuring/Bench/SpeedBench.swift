import Decoding
import Models
import Tensors

/// How fast a model reads a prompt and decodes with several plans, all measured in turns.
package struct SpeedBench: Sendable {
    package struct Options: Sendable {
        /// Tokens of the prompt that is timed; 0 times none.
        package var promptTokens = 512
        /// Tokens that each plan decodes.
        package var decodeTokens = 128
        /// Tokens before the decoded ones.
        package var depth = 0
        /// Timed rounds.
        package var repeats = 5

        package init() {}

        /// Positions that a decoded token sees, on average.
        func positionsSeen(in session: SessionOptions) -> Double { session.positionsSeen(of: averagePosition) }

        /// Of the decoded tokens.
        var averagePosition: Double { Double(depth) + Double(decodeTokens) / 2 }
    }

    /// One plan's decoding.
    package struct PlanSpeed: Sendable {
        /// `off` or a factor.
        package let name: String
        /// Tokens a second.
        package fileprivate(set) var speed = Samples()
        /// Over vanilla in the same round; empty without vanilla.
        package fileprivate(set) var speedup = Samples()
        /// Over the byte limit in the same round.
        package fileprivate(set) var efficiency = Samples()
        /// Bytes that a token must read, on average.
        package let bytesPerToken: Double
        /// Over vanilla, were bytes all that counts.
        package let limitOfSpeedup: Double
    }

    /// Bytes a second that all threads read together, before each decoding.
    package private(set) var bandwidth = Samples()
    /// Prompt tokens a second; empty where none was timed.
    package private(set) var prompt = Samples()
    package private(set) var decoding: [PlanSpeed]

    /// - Parameters:
    ///   - progress: told the share that is done.
    ///   - isCancelled: looked at before each pass.
    /// - Throws: `BenchError`, `SessionError`, `ThreadRefusal`, `SamplingError`, or `CancellationError`.
    package init(
        of stack: LayerStack, plans: [any DecodePlan], options: Options,
        sessionOptions: SessionOptions, progress: (Double) -> Void, isCancelled: @escaping @Sendable () -> Bool
    ) throws {
        let run = try BenchRun(stack, options: options, sessionOptions: sessionOptions, isCancelled: isCancelled)
        let memory = try MemoryBandwidth(
            threadCount: sessionOptions.threadCount, pinsThreads: sessionOptions.pinsThreads)
        let roofline = ByteRoofline(stack, kvFormat: sessionOptions.kvFormat)
        func bytes(_ plan: any DecodePlan) -> Double {
            roofline.bytesPerToken(
                plan, position: options.averagePosition, promptCount: max(1, options.depth), options: sessionOptions)
        }
        decoding = plans.map { plan in
            PlanSpeed(name: plan.name, bytesPerToken: bytes(plan), limitOfSpeedup: bytes(.vanilla) / bytes(plan))
        }
        let steps = Double((1 + options.repeats) * (1 + plans.count))
        var done = 0.0
        func step() {
            done += 1
            progress(done / steps)
        }
        // One round to warm up, in which the tokens are checked.
        let expected = try plans.map { plan in
            defer { step() }
            return try run.checkedTokens(plan)
        }
        if options.promptTokens > 0 { _ = try run.promptSpeed() }
        step()
        for round in 0..<options.repeats {
            if options.promptTokens > 0 { prompt.append(try run.promptSpeed()) }
            step()
            var speeds = [Double](repeating: 0, count: plans.count)
            var bandwidths = speeds
            // Plans take turns in going first.
            for place in plans.indices {
                let number = (place + round) % plans.count
                // Just before each: on a shared machine the memory's speed changes within seconds.
                bandwidths[number] = memory.measure()
                bandwidth.append(bandwidths[number])
                let answer = try run.decode(plans[number])
                if let place = zip(answer.tokens, expected[number]).firstDifference {
                    throw BenchError.tokensDiffer(plan: plans[number].name, place: place)
                }
                speeds[number] = answer.tokensPerSecond
                step()
            }
            let vanilla = plans.firstIndex(where: \.isVanilla).map { speeds[$0] }
            for number in plans.indices {
                decoding[number].speed.append(speeds[number])
                if let vanilla { decoding[number].speedup.append(speeds[number] / vanilla) }
                decoding[number].efficiency.append(
                    speeds[number] * decoding[number].bytesPerToken / bandwidths[number])
            }
        }
    }
}

/// The very way that `generate` takes, over random tokens.
final class BenchRun {
    struct Answer {
        let tokens: [Int]
        let tokensPerSecond: Double
    }

    private let generator: Generator
    private let options: SpeedBench.Options
    private let prompt: [Int]
    /// What lies before the decoding.
    private let past: [Int]
    private let isCancelled: @Sendable () -> Bool

    init(
        _ stack: LayerStack, options: SpeedBench.Options, sessionOptions: SessionOptions,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws {
        let length = max(options.promptTokens, max(1, options.depth) + options.decodeTokens + 1)
        let contextLength = stack.configuration.contextLength
        guard sessionOptions.window != nil || length <= contextLength else {
            throw BenchError.tooLong(tokens: length, contextLength: contextLength)
        }
        generator = Generator(Model(name: "bench", stack), options: sessionOptions)
        self.options = options
        self.isCancelled = isCancelled
        var random = SplitMix64(seed: 1)
        let tokens = (0..<max(options.promptTokens, options.depth, 1)).map { _ in
            Int.random(in: 0..<stack.configuration.vocabularySize, using: &random)
        }
        prompt = Array(tokens.prefix(options.promptTokens))
        past = Array(tokens.prefix(max(1, options.depth)))
    }

    /// Prompt tokens a second.
    func promptSpeed() throws -> Double {
        try begin(prompt, .vanilla, maximumTokens: 1)
        _ = try finish()
        return generator.statistics.prefillTokensPerSecond
    }

    func decode(_ plan: any DecodePlan) throws -> Answer {
        try begin(past, plan, maximumTokens: options.decodeTokens + 1)
        return Answer(tokens: try finish(), tokensPerSecond: generator.statistics.tokensPerSecond)
    }

    /// Seconds of the plan's decoding, after the prompt, whose parts go to `profile`.
    func profiledSeconds(_ plan: any DecodePlan, _ profile: PassProfile) throws -> Double {
        try begin(past, plan, maximumTokens: options.decodeTokens + 1)
        _ = try generator.step()
        generator.profile = profile
        defer { generator.profile = nil }
        _ = try finish()
        return generator.statistics.decodeSeconds
    }

    /// What the plan decodes, held against the same sequence computed in one pass.
    func checkedTokens(_ plan: any DecodePlan) throws -> [Int] {
        let tokens = try decode(plan).tokens
        for index in Set([tokens.count / 2, tokens.count - 1]) where index > 0 {
            generator.reset()
            let sequence = try generator.read(past, plan: plan)
            for token in tokens[..<index] { try sequence.append(token) }
            guard isLikeliest(tokens[index], try generator.logits(isCancelled: isCancelled)) else {
                throw BenchError.tokensDiffer(plan: plan.name, place: index)
            }
        }
        return tokens
    }

    /// OpenBLAS, which adds up float weights in another order, may swap two that are as good as equal.
    private func isLikeliest(_ token: Int, _ logits: UnsafeBufferPointer<Float>) -> Bool {
        let largest = logits.max() ?? 0
        let size = logits.reduce(0) { max($0, abs($1)) }
        return largest - logits[token] <= 1e-4 * size
    }

    private func begin(_ prompt: [Int], _ plan: any DecodePlan, maximumTokens: Int) throws {
        generator.reset()
        try generator.begin(
            prompt, plan: plan, options: GenerationOptions(maximumTokens: maximumTokens, ignoresEnd: true),
            isCancelled: isCancelled)
    }

    /// The tokens up to the generation's end.
    private func finish() throws -> [Int] {
        var tokens: [Int] = []
        while let token = try generator.step() { tokens.append(token.id) }
        if generator.finishReason == .cancelled { throw CancellationError() }
        return tokens
    }
}

extension Sequence where Element == (Int, Int) {
    /// The place of the first unequal pair.
    fileprivate var firstDifference: Int? { enumerated().first { $0.element.0 != $0.element.1 }?.offset }
}
