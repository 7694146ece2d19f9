import Models
import Tensors
import Tokens

/// The token loop: takes a prompt, and computes each token when the caller asks for it. Commands, measurements, the server's
/// seats and `Session` all generate with it.
///
/// It remembers every token, so that each generation continues where the last one ended. Used by one thread at a time.
package final class Generator {
    package let model: Model
    package let options: SessionOptions
    /// Times, passes and memory of the generation so far.
    package private(set) var statistics = GenerationStatistics()

    /// The engine and sequence in use. A plan with other layers, or another trunk/head split, gets a new lane.
    var lane: Lane?
    /// Whether the caller runs the sequence, together with others.
    private let isShared: Bool
    private var loop: TokenLoop?
    private var wanted = Engine.Wanted.last
    private var isCancelled: @Sendable () -> Bool = { false }
    private var decodeStart: ContinuousClock.Instant?
    private var passesBefore = PassCounts()
    private var draftsBefore = DraftCounts()
    /// Chooses each cycle's plan, if the plan has alternatives. It keeps what it measured for later generations.
    package private(set) var chooser: PlanChooser?
    private var choosesPlans = false
    private var cycle = (tokenCount: 0, seconds: 0.0)

    /// An engine, and the sequence that it runs.
    struct Lane {
        let engine: Engine
        let sequence: TokenSequence
        /// Nil without a prompt cache.
        let prefixes: CachedPrefixes?

        init(_ model: Model, engine: Engine, sequence: TokenSequence, isShared: Bool = false) {
            (self.engine, self.sequence) = (engine, sequence)
            prefixes = isShared ? nil : CachedPrefixes(engine, of: model)
        }

        /// Runs the head up to the last token. Prefixes of a prompt come from the cache, and go there.
        func run(wanted: Engine.Wanted = .last, isCancelled: () -> Bool) -> Bool {
            _ = prefixes?.restore(sequence)
            var first = sequence.computedCount
            return engine.run([sequence], wanted: wanted, isCancelled: isCancelled) {
                prefixes?.store(sequence, from: first)
                first = sequence.computedCount
            }
        }
    }

    /// Checks nothing and allocates nothing before the first generation.
    package init(_ model: Model, options: SessionOptions = SessionOptions()) {
        self.model = model
        self.options = options
        isShared = false
    }

    /// A generator over a sequence that the caller runs on `engine`, together with others. `take` then returns its tokens.
    package init(_ model: Model, sharing engine: Engine, sequence: TokenSequence) {
        self.model = model
        options = engine.options
        lane = Lane(model, engine: engine, sequence: sequence, isShared: true)
        isShared = true
    }

    /// Every token so far, prompt and generated.
    package var tokens: [Int] { lane?.sequence.tokens ?? [] }

    /// Why the generation ended; nil while it goes on.
    package var finishReason: FinishReason? { loop?.finishReason }

    /// Maximum number of tokens of the generation; the context may be full earlier.
    package var tokenLimit: Int { loop?.tokenLimit ?? 0 }

    /// The layers that each position ran; empty if the plan skips none.
    package var depths: DepthRecord { lane?.sequence.depths ?? DepthRecord(layerCount: model.configuration.layerCount) }

    /// Times of the parts of passes; nil unless profiling. Set it once a generation has begun.
    package var profile: PassProfile? {
        get { lane?.engine.profile }
        set { lane?.engine.profile = newValue }
    }

    /// Whether `plan` can continue the current sequence: it has the same layers and the same trunk/head split.
    package func suits(_ plan: any DecodePlan) -> Bool {
        lane?.engine.stack.runsAlike(plan.model(from: model).stack) ?? true
    }

    /// Removes every token.
    package func reset() {
        loop = nil
        lane?.sequence.truncate(to: 0)
    }

    /// Removes the tokens from `count` on, and ends the generation.
    ///
    /// - Throws: `SessionError.truncation` if there are fewer tokens.
    package func truncate(to count: Int) throws(SessionError) {
        guard (0...tokens.count).contains(count) else { throw .truncation(count: count, tokenCount: tokens.count) }
        loop = nil
        lane?.sequence.truncate(to: count)
    }

    /// Starts a generation. `step` does the work.
    ///
    /// - Parameters:
    ///   - prompt: the next tokens, or the whole sequence.
    ///   - isWhole: whether `prompt` is the whole sequence; what was computed for a shared prefix is kept.
    ///   - options: parameters that are nil have no effect; `filled(from:)` replaces them by the model's defaults.
    ///   - selection: the caller's logit processors and sampler.
    ///   - readsLogits: whether the caller reads the sequence's logits.
    ///   - isCancelled: called before each pass, in addition to the task's own cancellation.
    /// - Throws: `GenerationError` or `SamplingError` for invalid options; `ConstraintError` for a constraint that the vocabulary
    ///   cannot fulfil; `SessionError` for invalid session options, and for a prompt that does not fit the context.
    package func begin(
        _ prompt: [Int], isWhole: Bool = false, plan: any DecodePlan, options: GenerationOptions,
        selection: TokenSelection = TokenSelection(), readsLogits: Bool = false,
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws {
        loop = nil
        try options.check()
        guard !options.isMetered || plan.canBeMetered else { throw GenerationError.notMetered(plan: plan.name) }
        let alternatives = isShared ? [] : plan.alternatives(for: model)
        guard alternatives.isEmpty || options.verifyRule == .exact else {
            throw GenerationError.unrepeatable(plan: plan.name)
        }
        let constraint = try options.constraint.map(model.tokenConstraint)
        let sequence = try read(prompt, isWhole: isWhole, plan: plan)
        let loop = TokenLoop(
            sequence, options: options, selection: selection, constraint: constraint, tokenizer: model.tokenizer,
            endTokens: model.endTokens)
        // At most 16,384 at once: most texts end long before a long context is full.
        sequence.reserveTokens(min(loop.tokenLimit, sequence.remainingPositions, 1 << 14))
        self.loop = loop
        self.isCancelled = isCancelled
        let needsAll =
            readsLogits || selection.readsLogits || plan.cycleEnd != nil || !options.needsOnlyLargestLogit
        wanted = needsAll ? .last : .largest
        statistics = GenerationStatistics()
        statistics.seed = loop.seed
        decodeStart = nil
        draftsBefore = sequence.draftCounts
        choosesPlans = !alternatives.isEmpty
        if choosesPlans, chooser == nil { chooser = PlanChooser(alternatives) }
        cycle = (0, 0)
    }

    /// The next token, or nil when the generation has ended.
    ///
    /// - Throws: `SessionError.cacheOverflow` if keys or values do not fit the cache's format,
    ///   `SamplingError.logitsNotFinite` if the weights are damaged, and the errors of processors and sampler.
    package func step() throws -> GeneratedToken? {
        guard let loop, loop.finishReason == nil, let lane else { return nil }
        guard advance(lane) else { return self.loop?.finish(.cancelled) }
        return try take()
    }

    /// Samples the next token from the sequence's current logits; nil at the end. A caller that runs the sequence itself uses it
    /// in place of `step`.
    ///
    /// - Throws: the errors of `step`.
    package func take() throws -> GeneratedToken? {
        guard let lane else { return nil }
        defer {
            statistics.agreement = loop?.agreement
            statistics.drafts = lane.sequence.draftCounts - draftsBefore
        }
        return try loop?.take(from: lane.sequence)
    }

    /// After a metered generation: judges its last tokens, those of a cycle that no other followed. Times and passes do not count it.
    package func finishMetering() {
        guard let lane, loop?.agreement?.isBehind == true else { return }
        let sequence = lane.sequence
        let note = { (position: Int, logits: UnsafeBufferPointer<Float>) in
            if position < sequence.tokens.count - 1 { self.loop?.note(position, logits) }
        }
        if !sequence.isBehind { sequence.forEachVanillaRow(note) }
        sequence.settle()
        lane.engine.run([sequence], wanted: .each(note))
        statistics.agreement = loop?.agreement
    }

    /// Text held back when the generation was cancelled.
    package func flush() -> String { loop?.flush() ?? "" }

    /// Notes what the last cycle took, and chooses the next one's plan.
    private func beginCycle(_ sequence: TokenSequence) {
        if cycle.tokenCount > 0 { chooser?.note(tokenCount: cycle.tokenCount, seconds: cycle.seconds) }
        cycle = (0, 0)
        if let plan = chooser?.choose() { sequence.change(to: plan) }
    }

    /// Runs the engine up to the last token: the whole prompt at first, then one token at a time. False if cancelled.
    private func advance(_ lane: Lane) -> Bool {
        if decodeStart != nil, choosesPlans, lane.sequence.isBehind { beginCycle(lane.sequence) }
        let (start, before) = (ContinuousClock.now, lane.sequence.passes)
        let isDone = lane.run(wanted: wanted) { self.isCancelled() || Task.isCancelled }
        guard isDone else { return false }
        if let decodeStart {
            statistics.decodeTokens += 1
            cycle.tokenCount += 1
            cycle.seconds += (ContinuousClock.now - start).seconds
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

/// Tokens that the caller chooses instead of the model.
extension Generator {
    /// Adds `prompt`, or makes it the whole sequence, to be decoded by `plan`.
    ///
    /// - Throws: `SessionError`; the sequence is then unchanged.
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

    /// The logits after the last token, [vocabulary]; valid until the next call.
    ///
    /// - Throws: `SessionError.cacheOverflow`; `CancellationError` if `isCancelled` returns true.
    package func logits(isCancelled: () -> Bool = { false }) throws -> UnsafeBufferPointer<Float> {
        guard let lane else { throw SessionError.emptyPrompt }
        guard lane.run(isCancelled: isCancelled) else { throw CancellationError() }
        try lane.sequence.checkCache()
        return lane.sequence.logits
    }

    /// The current lane, or a new one if `plan` has other layers or another trunk/head split, so that nothing computed can be
    /// reused.
    func lane(for plan: any DecodePlan) throws -> Lane {
        if isShared, let lane { return lane }
        let stack = plan.model(from: model).stack
        if let lane, lane.engine.stack.runsAlike(stack) { return lane }
        let engine = try Engine(stack, options: options, draft: model.draft?.stack)
        return Lane(model, engine: engine, sequence: engine.makeSequence())
    }
}
