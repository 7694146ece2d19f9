import Models
import Tensors
import Tokens

/// Generates with a model: a prompt in, tokens out, each made when it is asked for. Everything that generates goes through it:
/// commands, measurements, the server's seats and `Session`.
///
/// It remembers every token, so that each generation goes on where the last one ended. Used by one thread at a time.
package final class Generator {
    package let model: Model
    package let options: SessionOptions
    /// What the generation took so far.
    package private(set) var statistics = GenerationStatistics()

    /// Where it computes; another one where a plan runs other layers, or cuts them elsewhere.
    private var lane: Lane?
    /// Whether others run its sequence.
    private let isShared: Bool
    private var loop: TokenLoop?
    private var wanted = Engine.Wanted.last
    private var isCancelled: @Sendable () -> Bool = { false }
    private var decodeStart: ContinuousClock.Instant?
    private var passesBefore = PassCounts()

    /// An engine, and the sequence that it runs.
    private struct Lane {
        let engine: Engine
        let sequence: TokenSequence
    }

    /// Nothing is checked, and no memory taken, before the first generation.
    package init(_ model: Model, options: SessionOptions = SessionOptions()) {
        self.model = model
        self.options = options
        isShared = false
    }

    /// A generator over a sequence that `engine` runs together with others: they run it, and `take` gives its tokens.
    package init(_ model: Model, sharing engine: Engine, sequence: TokenSequence) {
        self.model = model
        options = engine.options
        lane = Lane(engine: engine, sequence: sequence)
        isShared = true
    }

    /// Every token so far, read and generated.
    package var tokens: [Int] { lane?.sequence.tokens ?? [] }

    /// Why the generation ended; nil while it goes on.
    package var finishReason: FinishReason? { loop?.finishReason }

    /// Most tokens that the generation gives out; the context may be full before.
    package var tokenLimit: Int { loop?.tokenLimit ?? 0 }

    /// Which layers each position ran; empty where the plan skips none.
    package var depths: DepthRecord { lane?.sequence.depths ?? DepthRecord(layerCount: model.configuration.layerCount) }

    /// Collects how long the parts of passes take; nil unless profiling. Set once a generation has begun.
    package var profile: PassProfile? {
        get { lane?.engine.profile }
        set { lane?.engine.profile = newValue }
    }

    /// Whether what it has computed is of use to `plan`: the same layers, cut into trunk and head at the same place.
    package func suits(_ plan: any DecodePlan) -> Bool {
        lane?.engine.stack.runsAlike(plan.model(from: model).stack) ?? true
    }

    /// Forgets every token.
    package func reset() {
        loop = nil
        lane?.sequence.truncate(to: 0)
    }

    /// Starts a generation; its work is done when tokens are asked for.
    ///
    /// - Parameters:
    ///   - prompt: what comes next, or the whole sequence.
    ///   - isWhole: whether `prompt` is the whole sequence; what has been computed of its beginning is kept.
    ///   - options: parameters that are nil do nothing; `filled(from:)` puts the model's own defaults there.
    ///   - readsLogits: whether somebody else reads all the logits.
    ///   - isCancelled: asked before each pass, beside the task's own cancellation.
    /// - Throws: `GenerationError` or `SamplingError` for the options, `SessionError` for those of the session, and for a prompt
    ///   that the context cannot take.
    package func begin(
        _ prompt: [Int], isWhole: Bool = false, plan: any DecodePlan, options: GenerationOptions,
        readsLogits: Bool = false, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws {
        loop = nil
        try options.check()
        let sequence = try read(prompt, isWhole: isWhole, plan: plan)
        let loop = TokenLoop(sequence, options: options, tokenizer: model.tokenizer, endTokens: model.endTokens)
        // Not all of a long context at once: most texts end long before.
        sequence.reserveTokens(min(loop.tokenLimit, sequence.remainingPositions, 1 << 14))
        self.loop = loop
        self.isCancelled = isCancelled
        wanted = options.needsOnlyLargestLogit && !readsLogits ? .largest : .last
        statistics = GenerationStatistics()
        statistics.seed = loop.seed
        decodeStart = nil
    }

    /// The next token, or nil when the generation has ended.
    ///
    /// - Throws: `SessionError.cacheOverflow` where keys or values do not fit the cache's format,
    ///   `SamplingError.logitsNotFinite` where the weights are damaged.
    package func step() throws -> GeneratedToken? {
        guard let loop, loop.finishReason == nil, let lane else { return nil }
        guard advance(lane) else { return self.loop?.finish(.cancelled) }
        return try take()
    }

    /// The token that the sequence's logits give, or nil where that is the end: `step` for those who run the sequence themselves.
    ///
    /// - Throws: as `step` does.
    package func take() throws -> GeneratedToken? {
        guard let lane else { return nil }
        return try loop?.take(from: lane.sequence)
    }

    /// Text held back when the generation was cancelled.
    package func flush() -> String { loop?.flush() ?? "" }

    /// Brings the logits up to date: the whole prompt at first, then one token at a time.
    private func advance(_ lane: Lane) -> Bool {
        let (start, before) = (ContinuousClock.now, lane.sequence.passes)
        let isDone = lane.engine.run([lane.sequence], wanted: wanted) { self.isCancelled() || Task.isCancelled }
        guard isDone else { return false }
        if let decodeStart {
            statistics.decodeTokens += 1
            statistics.decodeSeconds = (ContinuousClock.now - decodeStart).seconds
            statistics.passes = lane.sequence.passes - passesBefore
        } else {
            statistics.prefillTokens = (lane.sequence.passes - before).headRows
            statistics.prefillSeconds = (ContinuousClock.now - start).seconds
            passesBefore = lane.sequence.passes
            decodeStart = ContinuousClock.now
        }
        statistics.kvByteCount = lane.sequence.kvByteCount
        return true
    }
}

/// Text that the caller chooses instead of the model.
extension Generator {
    /// Adds `prompt`, or makes it the whole sequence, to be read by `plan`.
    ///
    /// - Throws: `SessionError`; the sequence is then as it was.
    @discardableResult
    package func read(_ prompt: [Int], isWhole: Bool = false, plan: any DecodePlan) throws -> TokenSequence {
        let before = lane
        let lane = try self.lane(for: plan)
        if isWhole {
            try lane.sequence.restart(prompt, plan: plan)
        } else if let before, before.sequence !== lane.sequence {
            try lane.sequence.begin(before.sequence.tokens + prompt, plan: plan)
        } else {
            try lane.sequence.begin(prompt, plan: plan)
        }
        self.lane = lane
        return lane.sequence
    }

    /// Adds a token that the caller has chosen.
    ///
    /// - Throws: `SessionError`.
    package func append(_ token: Int) throws { try lane?.sequence.append(token) }

    /// The logits after the last token, [vocabulary], until the next call.
    ///
    /// - Throws: `SessionError.cacheOverflow`; `CancellationError` where `isCancelled` says so.
    package func logits(isCancelled: () -> Bool = { false }) throws -> UnsafeBufferPointer<Float> {
        guard let lane else { throw SessionError.emptyPrompt }
        guard lane.engine.run([lane.sequence], isCancelled: isCancelled) else { throw CancellationError() }
        try lane.sequence.checkCache()
        return lane.sequence.logits
    }

    /// The lane so far, or a fresh one where `plan` runs other layers, or cuts them elsewhere, so that nothing computed is of
    /// use.
    private func lane(for plan: any DecodePlan) throws -> Lane {
        if isShared, let lane { return lane }
        let stack = plan.model(from: model).stack
        if let lane, lane.engine.stack.runsAlike(stack) { return lane }
        let engine = try Engine(stack, options: options)
        return Lane(engine: engine, sequence: engine.makeSequence())
    }
}
