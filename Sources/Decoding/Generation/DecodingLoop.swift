import Models
import Tensors
import Tokens

/// Tokens generated one after another from a prompt; each is made when it is asked for.
package final class DecodingLoop {
    /// Why it ended; nil while it goes on.
    package private(set) var finishReason: FinishReason?
    package private(set) var statistics = GenerationStatistics()
    /// Most tokens that it gives out; the context may be full before.
    package let tokenLimit: Int

    private let context: DecodingContext
    private let options: GenerationOptions
    private let endTokens: Set<Int>
    private let onlyLargest: Bool
    private let isCancelled: @Sendable () -> Bool
    private var sampler: Sampler
    private var text: TextStream
    private var emittedCount = 0
    private let clock = ContinuousClock()
    private var decodeStart: ContinuousClock.Instant?
    private var passesBefore = PassCounts()

    /// Adds `prompt` to the context's tokens and gets ready; the work is done when tokens are asked for.
    ///
    /// - Parameters:
    ///   - options: parameters that are nil do nothing; `filled(from:)` puts a model's own defaults there.
    ///   - tokenizer: turns ids into text; without one, tokens carry no text and stop strings are not looked for.
    ///   - endTokens: tokens that end the generation.
    ///   - isWhole: whether `prompt` is the whole sequence, of which the context keeps what it has.
    ///   - needsAllLogits: whether somebody else looks at the context's logits.
    ///   - isCancelled: looked at before each pass, beside the task's own cancellation.
    /// - Throws: `GenerationError` or `SamplingError` for the options, `SessionError` for a prompt that the context cannot
    ///   take.
    package init(
        _ context: DecodingContext, prompt: [Int], plan: any DecodePlan, options: GenerationOptions,
        tokenizer: Tokenizer?, endTokens: Set<Int>, isWhole: Bool = false, needsAllLogits: Bool = false,
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws {
        try options.check()
        self.context = context
        self.options = options
        self.endTokens = options.ignoresEnd ? [] : endTokens
        onlyLargest = options.needsOnlyLargestLogit && !needsAllLogits
        self.isCancelled = isCancelled
        sampler = Sampler(options.sampling, vocabularySize: context.stack.configuration.vocabularySize)
        statistics.seed = sampler.seed
        text = TextStream(tokenizer: tokenizer, stops: options.stops)
        if isWhole {
            try context.restart(prompt, plan: plan)
        } else {
            try context.begin(prompt, plan: plan)
        }
        tokenLimit = options.tokenLimit(
            promptCount: context.tokens.count, contextLength: context.stack.configuration.contextLength)
        // Not all of a long context at once: most texts end long before.
        context.reserveTokens(min(tokenLimit, context.remainingPositions, 1 << 14))
        for token in context.tokens { sampler.observe(token, isGenerated: false) }
    }

    /// The next token, or nil when the generation has ended.
    ///
    /// - Throws: `SessionError.cacheOverflow` where keys or values do not fit the cache's format,
    ///   `SamplingError.logitsNotFinite` where the weights are damaged.
    package func step() throws -> GeneratedToken? {
        guard finishReason == nil else { return nil }
        guard advance() else { return finish(.cancelled) }
        return try take()
    }

    /// The token that the context's logits give, or nil where that is the end: `step` for those who run the context
    /// themselves.
    ///
    /// - Throws: as `step` does.
    package func take() throws -> GeneratedToken? {
        guard finishReason == nil else { return nil }
        guard emittedCount < tokenLimit else { return finish(.length) }
        guard context.remainingPositions > 0 else { return finish(.context) }
        try context.checkCache()
        let token = try sampler.sample(context.logits)
        let logprobs = options.logprobCount.map { Decoding.logprobs(of: context.logits, sampled: token, count: $0) }
        try context.append(token)
        sampler.observe(token, isGenerated: true)
        emittedCount += 1
        return GeneratedToken(
            id: token, text: takeText(of: token),
            cyclePlace: context.cyclePlace(ofTokenAt: context.tokens.count - 1), logprobs: logprobs ?? [])
    }

    /// Which layers each position fed has run; empty where the plan skips none.
    package var depths: DepthRecord { context.depths }

    /// Text held back when the generation was cancelled.
    package func flush() -> String { text.flush() }

    /// Brings the logits up to date: the whole prompt at first, then one token at a time.
    private func advance() -> Bool {
        let start = clock.now
        let before = context.passes
        let isDone = context.run(onlyLargest: onlyLargest) { self.isCancelled() || Task.isCancelled }
        guard isDone else { return false }
        if let decodeStart {
            statistics.decodeTokens += 1
            statistics.decodeSeconds = (clock.now - decodeStart).seconds
            statistics.passes = context.passes - passesBefore
        } else {
            statistics.prefillTokens = (context.passes - before).headRows
            statistics.prefillSeconds = (clock.now - start).seconds
            passesBefore = context.passes
            decodeStart = clock.now
        }
        statistics.kvByteCount = context.kvByteCount
        return true
    }

    /// The text that `token` releases, and the check of everything that can end a generation.
    private func takeText(of token: Int) -> String {
        if endTokens.contains(token) {
            finishReason = .stop
            return text.flush()
        }
        let (released, isStopped) = text.append(token)
        if isStopped {
            finishReason = .stop
            return released
        }
        if emittedCount == tokenLimit {
            finishReason = .length
        } else if context.remainingPositions == 0 {
            finishReason = .context
        }
        return finishReason == nil ? released : released + text.flush()
    }

    private func finish(_ reason: FinishReason) -> GeneratedToken? {
        finishReason = reason
        return nil
    }
}
