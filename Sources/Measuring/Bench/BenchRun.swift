import Decoding
import Models
import Tensors

/// Decodes random tokens with the generator that `volley generate` uses.
final class BenchRun {
    struct Answer {
        let tokens: [Int]
        let tokensPerSecond: Double
    }

    private let generator: Generator
    private let options: SpeedBench.Options
    private let prompt: [Int]
    /// The tokens before the decoded ones.
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

    /// Prompt tokens per second.
    func promptSpeed() throws -> Double {
        try begin(prompt, .vanilla, maximumTokens: 1)
        _ = try finish()
        return generator.statistics.prefillTokensPerSecond
    }

    func answer(_ plan: any DecodePlan) throws -> Answer {
        try begin(past, plan, maximumTokens: options.decodeTokens + 1)
        return Answer(tokens: try finish(), tokensPerSecond: generator.statistics.tokensPerSecond)
    }

    /// Decoding with `plan`, whose drafts become tokens with the probability `acceptance`, whatever the model would choose. Random
    /// weights accept drafts by chance alone.
    ///
    /// - Parameter isMetered: whether refreshes also give vanilla's logits.
    func decode(
        _ plan: any DecodePlan, acceptance: Double = 0, isMetered: Bool = false
    ) throws -> (tokensPerSecond: Double, passes: PassCounts) {
        generator.reset()
        let sequence = try generator.read(past, plan: plan)
        sequence.isMetered = isMetered
        defer { sequence.isMetered = false }
        _ = try generator.logits(isCancelled: isCancelled)
        let (before, start) = (sequence.passes, ContinuousClock.now)
        var random = SplitMix64(seed: 7)
        for _ in 0..<options.decodeTokens {
            let chosen = try generator.logits(isCancelled: isCancelled).argmax ?? 0
            guard let draft = sequence.nextDraft?.token else {
                try sequence.append(chosen)
                continue
            }
            let isAccepted = random.nextUnit() < acceptance
            let other = chosen == draft ? (draft + 1) % sequence.logits.count : chosen
            try sequence.append(isAccepted ? draft : other)
        }
        let seconds = (ContinuousClock.now - start).seconds
        return (Double(options.decodeTokens) / seconds, sequence.passes - before)
    }

    /// Seconds of decoding with the plan, without the prompt. The times of its parts are added to `profile`.
    func profiledSeconds(_ plan: any DecodePlan, _ profile: PassProfile) throws -> Double {
        try begin(past, plan, maximumTokens: options.decodeTokens + 1)
        _ = try generator.step()
        generator.profile = profile
        defer { generator.profile = nil }
        _ = try finish()
        return generator.statistics.decodeSeconds
    }

    /// The tokens that the plan decodes, checked against the same sequence computed in one pass.
    ///
    /// - Throws: `BenchError.tokensDiffer`.
    func checkedTokens(_ plan: any DecodePlan) throws -> [Int] {
        let tokens = try answer(plan).tokens
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

    /// Whether the token has the largest logit, within a tolerance: OpenBLAS, which sums float products in another order, may
    /// swap two nearly equal logits.
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

    /// The tokens until the end of the generation.
    private func finish() throws -> [Int] {
        var tokens: [Int] = []
        while let token = try generator.step() { tokens.append(token.id) }
        if generator.finishReason == .cancelled { throw CancellationError() }
        return tokens
    }
}
