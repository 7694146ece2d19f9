import Decoding
import Models
import Tensors

/// Serves jobs together: continuous batching on the beat of the cycles.
///
/// Each step reads a piece of a prompt, or some short ones, and then runs one head pass over all sequences that decode,
/// after one trunk pass over those that need it. A sequence with factor τ begins its cycles at steps that τ divides, so
/// that all of its kind share their trunk passes. What a job gets never depends on who else is there.
///
/// Used by one thread; only the queue and the metrics are shared.
package final class BatchEngine {
    package let queue: AdmissionQueue
    let metrics: ServingMetrics
    private let model: Model
    private let limits: ServingLimits
    private let engine: Engine
    private let budget: KVBudget
    /// Steps with a head pass so far, counted anew when the batch was empty.
    private var beat = 0
    /// Prompts that are being read, each in its turn.
    private var reading: [Seat] = []
    /// Sequences with a first token, which wait for their beat.
    private var ready: [Seat] = []
    private var decoding: [Seat] = []
    private var ended: PrefixCache

    /// - Throws: `SessionError` where the options make no sense for the model.
    package init(_ model: Model, options: SessionOptions, limits: ServingLimits, metrics: ServingMetrics) throws {
        self.model = model
        self.limits = limits
        self.metrics = metrics
        engine = try Engine(model.stack, options: options, batchSize: limits.batchSize)
        budget = KVBudget(byteCount: limits.kvByteCount, model: model.configuration, options: options)
        queue = AdmissionQueue(limit: limits.queueLength, budget: budget)
        ended = PrefixCache(limit: engine.isRowExact ? limits.batchSize : 0)
    }

    /// Positions of prompts that are read between two cycles: what keeps a long one from holding up the others.
    private static let pieceRows = 128

    /// Whether no job is under way; some may wait.
    package var isIdle: Bool { seats.isEmpty }

    /// Passes of decoding so far.
    package private(set) var passes = PassCounts()

    /// Bytes of keys and values that are kept for the jobs under way.
    package var kvByteCount: Int { seats.reduce(0) { $0 + $1.kvByteCount } }

    /// And of all, with those of sequences that have ended.
    package var totalKVByteCount: Int { kvByteCount + ended.kvByteCount }

    /// Does what there is to do until the next token: see the type.
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

    private var seats: [Seat] { reading + ready + decoding }

    // MARK: Coming

    /// Takes waiting jobs while there is a place, and room for their keys and values: the first that must wait keeps the
    /// others waiting, so that none waits for ever.
    private func admit() {
        while reading.count + ready.count + decoding.count < limits.batchSize {
            let room = budget.byteCount - kvByteCount
            guard let job = queue.takeFirst(where: { budget.byteCount(of: $0) <= room }) else { return }
            do {
                reading.append(
                    try Seat(
                        job, sequence(for: job, room: room), engine: engine, model: model,
                        entries: budget.entries(of: job)))
            } catch {
                metrics.countEnd(.failed)
                job.deliver(.failed(error))
            }
        }
    }

    /// One that has read the beginning of the job's prompt, where its memory fits, else a new one; what is kept makes room.
    private func sequence(for job: Job, room: Int) -> TokenSequence {
        let need = budget.entries(of: job)
        // All of a prompt must be read for its logprobs.
        var sequence = job.promptLogprobCount == nil ? ended.take(for: job) : nil
        if let taken = sequence, taken.kvByteCount(reserving: need) > room { sequence = nil }
        let needed = sequence?.kvByteCount(reserving: need) ?? budget.byteCount(of: job)
        while ended.kvByteCount > room - needed { ended.removeOldest() }
        return sequence ?? engine.makeSequence()
    }

    /// Whether some sequence is about to begin its cycle, or none decodes.
    private var isBetweenCycles: Bool { decoding.isEmpty || decoding.contains { $0.nextPlace == 0 } }

    /// A piece of the prompt whose turn it is, and those behind it that are short enough to be read with it.
    private func readPrompts() {
        var room = Self.pieceRows
        while let next = reading.first, room == Self.pieceRows || next.unreadTokens <= room {
            room -= readPiece(of: reading.removeFirst())
        }
    }

    /// One piece of a prompt; at its end, the first token. Returns how many positions it had.
    private func readPiece(of seat: Seat) -> Int {
        // At each turn: two that came together, and have the same beginning, read half of it each.
        if engine.isRowExact { seat.takeOver(fromOneOf: seats.map(\.sequence) + ended.sequences) }
        let before = seat.sequence.computedCount
        seat.runChunk(on: engine, rowLimit: engine.isRowExact ? Self.pieceRows : .max)
        let rowCount = seat.sequence.computedCount - before
        if seat.sequence.isBehind {
            reading.append(seat)
        } else {
            metrics.countPrompt(
                readTokens: seat.job.prompt.count - seat.reusedTokens, reusedTokens: seat.reusedTokens)
            if emit(seat, isFirst: true) { ready.append(seat) }
        }
        return rowCount
    }

    /// Sequences whose cycles are in step with the beat join; the first of an empty batch gives the beat.
    private func join() {
        if decoding.isEmpty { beat = ready.first?.nextPlace ?? 0 }
        let (joining, waiting) = (ready.filter(isOnBeat), ready.filter { !isOnBeat($0) })
        decoding += joining
        ready = waiting
    }

    private func isOnBeat(_ seat: Seat) -> Bool { (beat - seat.nextPlace) % seat.job.plan.cycleLength == 0 }

    // MARK: Decoding

    private func decode() {
        guard !decoding.isEmpty else { return }
        let before = engine.passes
        engine.run(decoding.map(\.sequence))
        let ran = engine.passes - before
        passes += ran
        metrics.countPasses(ran)
        beat += 1
        decoding.removeAll { !emit($0, isFirst: false) }
    }

    /// Gives out the seat's next token; returns whether it goes on.
    private func emit(_ seat: Seat, isFirst: Bool) -> Bool {
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

    // MARK: Going

    private func dropCancelled() {
        for job in queue.takeCancelled() {
            let waited = (ContinuousClock.now - job.submitted).seconds
            metrics.countEnd(.cancelled)
            job.deliver(
                .finished(
                    JobSummary(
                        finishReason: .cancelled, promptTokens: job.prompt.count, reusedTokens: 0, generatedTokens: 0,
                        waitSeconds: waited, promptSeconds: 0, decodeSeconds: 0)))
        }
        for seat in seats where seat.job.isCancelled { end(seat, .cancelled) }
        reading.removeAll(where: \.job.isCancelled)
        ready.removeAll(where: \.job.isCancelled)
        decoding.removeAll(where: \.job.isCancelled)
    }

    private func end(_ seat: Seat, _ reason: FinishReason) {
        if reason != .cancelled { ended.add(seat.sequence) }
        metrics.countEnd(reason == .cancelled ? .cancelled : .finished)
        seat.job.deliver(.finished(seat.summary(reason)))
    }
}
