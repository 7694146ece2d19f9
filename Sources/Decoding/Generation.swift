import Models
import Tensors
import Tokens

/// One generated token.
public struct GeneratedToken: Sendable, Equatable {
    public let id: Int
    /// Text that may be shown now: whole characters, nothing that could still become a stop string.
    public let text: String
    /// Place in its cycle of the pass that emitted the token; nil without cycles and for the prompt's own.
    public let cyclePlace: Int?
    /// The most likely tokens at this position, where they were asked for.
    public let logprobs: [TokenLogprob]
}

/// Tokens generated one after another from a prompt; each is made when it is asked for.
///
/// Cancelling the task that iterates ends it before the next pass.
public final class Generation: AsyncSequence, AsyncIteratorProtocol {
    /// Why it ended; nil while it goes on.
    public private(set) var finishReason: FinishReason?
    public private(set) var statistics = GenerationStatistics()

    private let session: Session
    private let options: GenerationOptions
    private let endTokens: Set<Int>
    private let isCancelled: @Sendable () -> Bool
    private var sampler: Sampler
    private var text: TextStream
    private var emittedCount = 0
    private let clock = ContinuousClock()
    private var decodeStart: ContinuousClock.Instant?
    private var passesBefore = PassCounts()

    /// Adds `prompt` to the session's tokens and gets ready; the work is done when tokens are asked for.
    ///
    /// - Parameters:
    ///   - tokenizer: turns ids into text; without one, tokens carry no text and stop strings are not looked for.
    ///   - endTokens: tokens that end the generation.
    ///   - isCancelled: looked at before each pass.
    /// - Throws: `SessionError` for a prompt that the session cannot take.
    public init(
        _ session: Session, prompt: [Int], plan: any DecodePlan, options: GenerationOptions,
        tokenizer: Tokenizer?, endTokens: Set<Int>, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws {
        self.session = session
        self.options = options
        self.endTokens = options.ignoresEnd ? [] : endTokens
        self.isCancelled = isCancelled
        sampler = Sampler(options.sampling, vocabularySize: session.model.configuration.vocabularySize)
        text = TextStream(tokenizer: tokenizer, stops: options.stops)
        try session.begin(prompt, plan: plan)
        session.reserveTokens(Swift.min(options.maximumTokens, session.remainingPositions, 1 << 20))
        for token in session.tokens { sampler.observe(token) }
    }

    public func makeAsyncIterator() -> Generation { self }

    public func next() async throws -> GeneratedToken? { try step() }

    /// The next token, or nil when the generation has ended.
    ///
    /// - Throws: `SamplingError.logitsNotFinite` where the weights are damaged.
    public func step() throws -> GeneratedToken? {
        guard finishReason == nil else { return nil }
        guard advance() else { return finish(.cancelled) }
        return try take()
    }

    /// The token that the session's logits give, or nil where that is the end: `step` for those who run the session themselves.
    ///
    /// - Throws: as `step` does.
    package func take() throws -> GeneratedToken? {
        guard finishReason == nil else { return nil }
        guard emittedCount < options.maximumTokens else { return finish(.length) }
        guard session.remainingPositions > 0 else { return finish(.context) }
        let token = try sampler.sample(session.logits)
        let logprobs = options.logprobCount.map { Decoding.logprobs(of: session.logits, sampled: token, count: $0) }
        try session.append(token)
        sampler.observe(token)
        emittedCount += 1
        return GeneratedToken(
            id: token, text: takeText(of: token),
            cyclePlace: session.cyclePlace(ofTokenAt: session.tokens.count - 1), logprobs: logprobs ?? [])
    }

    /// Text held back when the generation was cancelled.
    public func flush() -> String { text.flush() }

    /// Brings the logits up to date: the whole prompt at first, then one token at a time.
    private func advance() -> Bool {
        let start = clock.now
        let before = session.passes
        guard session.run(isCancelled: { self.isCancelled() || Task.isCancelled }) else { return false }
        if let decodeStart {
            statistics.decodeTokens += 1
            statistics.decodeSeconds = (clock.now - decodeStart).seconds
            statistics.passes = session.passes - passesBefore
        } else {
            statistics.prefillTokens = (session.passes - before).headRows
            statistics.prefillSeconds = (clock.now - start).seconds
            passesBefore = session.passes
            decodeStart = clock.now
        }
        statistics.kvByteCount = session.kvByteCount
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
        if emittedCount == options.maximumTokens {
            finishReason = .length
        } else if session.remainingPositions == 0 {
            finishReason = .context
        }
        return finishReason == nil ? released : released + text.flush()
    }

    private func finish(_ reason: FinishReason) -> GeneratedToken? {
        finishReason = reason
        return nil
    }
}
