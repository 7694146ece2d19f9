import Decoding
import Models
import Tensors

/// Serves jobs together by continuous batching, aligned to cycles.
///
/// Each step reads a chunk of a prompt, or several short prompts. It then runs one trunk pass over the sequences that need it, and
/// one head pass over all sequences that decode. A sequence with factor τ begins its cycles at steps that τ divides, so that all
/// sequences with this factor share their trunk passes. A job's output never depends on the other jobs.
///
/// Used by one thread; only the queue and the metrics are shared.
package final class BatchEngine {
    package let queue: AdmissionQueue
    let metrics: ServingMetrics
    let model: Model
    let limits: ServingLimits
    let engine: Engine
    let budget: KVBudget
    /// The number of steps with a head pass since the batch was last empty.
    var stepCount = 0
    /// Seats whose prompts are being read, round-robin.
    var reading: [Seat] = []
    /// Seats with a first token, which wait for the step at which their cycle can begin.
    var ready: [Seat] = []
    var decoding: [Seat] = []
    var prefixCache: PrefixCache
    /// The prompts on disk; nil without a prompt cache.
    let cachedPrefixes: CachedPrefixes?

    /// - Throws: `SessionError` for invalid options.
    package init(_ model: Model, options: SessionOptions, limits: ServingLimits, metrics: ServingMetrics) throws {
        self.model = model
        self.limits = limits
        self.metrics = metrics
        // With the seat for a client that has none.
        engine = try Engine(
            model.stack, options: options, batchSize: limits.batchSize + 1, draft: model.draft?.stack)
        cachedPrefixes = CachedPrefixes(engine, of: model)
        budget = KVBudget(
            byteCount: limits.kvByteCount, model: model.configuration, draft: model.draft?.stack.configuration,
            options: options)
        queue = AdmissionQueue(limit: limits.queueLength, budget: budget)
        prefixCache = PrefixCache(
            limit: engine.isRowExact ? limits.batchSize : 0, sharesKeys: limits.sharesPrefixes)
    }

    /// Whether no job has a seat; jobs may wait in the queue.
    package var isIdle: Bool { seats.isEmpty }

    /// Passes of decoding so far.
    package private(set) var passes = PassCounts()

    /// Bytes of keys and values of all seats.
    package var kvByteCount: Int { seats.reduce(0) { $0 + $1.kvByteCount } }

    /// Bytes of keys and values of all seats and of the prefix cache.
    package var totalKVByteCount: Int { kvByteCount + prefixCache.kvByteCount }

    /// Runs one step: admits jobs, reads prompts, and computes one token of every sequence that decodes.
    package func step() {
        dropCancelled()
        admit()
        if isBetweenCycles { readPrompts() }
        join()
        decode()
        metrics.setLoad(
            waiting: queue.count, reading: reading.count, decoding: ready.count + decoding.count,
            kvByteCount: kvByteCount)
    }

    var seats: [Seat] { reading + ready + decoding }

    private func decode() {
        guard !decoding.isEmpty else { return }
        let before = engine.passes
        engine.run(decoding.map(\.sequence))
        let ran = engine.passes - before
        passes += ran
        metrics.countPasses(ran)
        stepCount += 1
        decoding.removeAll { !emit($0, isFirst: false) }
    }

    /// Delivers the seat's next token. Returns whether the generation continues.
    func emit(_ seat: Seat, isFirst: Bool) -> Bool {
        do {
            if let seconds = try seat.emit() { metrics.countToken(seconds: seconds, isFirst: isFirst) }
        } catch {
            metrics.countEnd(.failed)
            seat.job.deliver(.failed(error))
            return false
        }
        guard let reason = seat.generator.finishReason else { return true }
        end(seat, reason)
        return false
    }

    private func dropCancelled() {
        for job in queue.takeCancelled() {
            let waited = (ContinuousClock.now - job.submitted).seconds
            metrics.countEnd(.cancelled)
            job.deliver(
                .finished(
                    JobSummary(
                        finishReason: .cancelled, promptTokens: job.prompt.count, reusedTokens: 0, generatedTokens: 0,
                        drafts: DraftCounts(), agreement: nil, waitSeconds: waited, promptSeconds: 0, decodeSeconds: 0))
            )
        }
        for seat in seats where seat.job.isCancelled { end(seat, .cancelled) }
        reading.removeAll(where: \.job.isCancelled)
        ready.removeAll(where: \.job.isCancelled)
        decoding.removeAll(where: \.job.isCancelled)
    }

    private func end(_ seat: Seat, _ reason: FinishReason) {
        if reason != .cancelled { prefixCache.add(seat.prefix) }
        metrics.countEnd(reason == .cancelled ? .cancelled : .finished)
        metrics.countVerified(seat.generator.statistics)
        seat.job.deliver(.finished(seat.summary(reason)))
    }
}
