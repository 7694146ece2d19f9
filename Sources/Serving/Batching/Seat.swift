import Decoding
import Tensors

/// A job that has its place in the batch: its sequence, its sampler and the times that it took.
final class Seat {
    let job: Job
    let sequence: TokenSequence
    let generator: Generator
    /// Bytes that are kept for it.
    let kvByteCount: Int
    /// Tokens of the prompt that another sequence had read.
    private(set) var reusedTokens: Int
    private let started = ContinuousClock.now
    private var firstToken: ContinuousClock.Instant?
    private var lastToken: ContinuousClock.Instant?
    private var promptLogprobs: [[TokenLogprob]] = []

    /// - Parameters:
    ///   - sequence: holds the prompt's beginning, or nothing; `engine` runs it.
    ///   - entries: of keys and values that it may come to.
    /// - Throws: `SessionError` for a prompt that the model cannot take.
    init(_ job: Job, _ sequence: TokenSequence, engine: Engine, model: Model, entries: RingEntries) throws {
        self.job = job
        self.sequence = sequence
        reusedTokens = sequence.tokens.count
        sequence.reserve(entries)
        kvByteCount = sequence.kvByteCount
        generator = Generator(model, sharing: engine, sequence: sequence)
        try generator.begin(Array(job.prompt[reusedTokens...]), plan: job.plan, options: job.options)
    }

    /// The place in its cycle of the pass that comes next.
    var nextPlace: Int { sequence.cycleIndex(ofTokenAt: sequence.tokens.count) ?? 0 }

    /// Tokens that the head has not seen.
    var unreadTokens: Int { sequence.tokens.count - sequence.computedCount }

    var generatedTokens: Int { sequence.tokens.count - job.prompt.count }

    /// Copies what one of `others` has read of the prompt's beginning, where that is worth it.
    func takeOver(fromOneOf others: [TokenSequence]) {
        // All of a prompt must be read for its logprobs.
        guard job.promptLogprobCount == nil else { return }
        let ends = others.map { sequence.sharedEnd(with: $0) }
        guard let end = ends.max(), let place = ends.firstIndex(of: end) else { return }
        let gain = end - sequence.computedCount
        guard gain >= PrefixCache.leastShared else { return }
        sequence.takeOver(from: others[place], upTo: end)
        reusedTokens += gain
    }

    /// One pass over the prompt's next positions.
    func runChunk(on engine: Engine, rowLimit: Int) {
        guard let count = job.promptLogprobCount else {
            engine.step([sequence], rowLimit: rowLimit)
            return
        }
        let note = { (position: Int, logits: UnsafeBufferPointer<Float>) in
            guard position + 1 < self.job.prompt.count else { return }
            self.promptLogprobs.append(logprobs(of: logits, sampled: self.job.prompt[position + 1], count: count))
        }
        engine.step([sequence], rowLimit: rowLimit, wanted: .each(note))
        // The emission that follows fails where keys or values did not fit; their logprobs are not given out.
        guard !sequence.isBehind, (try? sequence.checkCache()) != nil else { return }
        job.deliver(.prompt(promptLogprobs))
    }

    /// Gives out the token that the logits say.
    ///
    /// - Returns: seconds since the token before, or since the job came; nil where there is none.
    func emit() throws -> Double? {
        guard let token = try generator.take() else { return nil }
        let now = ContinuousClock.now
        let seconds = (now - (lastToken ?? job.submitted)).seconds
        firstToken = firstToken ?? now
        lastToken = now
        job.deliver(.token(token))
        return seconds
    }

    func summary(_ reason: FinishReason) -> JobSummary {
        let first = firstToken ?? .now
        return JobSummary(
            finishReason: reason, promptTokens: job.prompt.count, reusedTokens: reusedTokens,
            generatedTokens: generatedTokens, waitSeconds: (started - job.submitted).seconds,
            promptSeconds: (first - started).seconds, decodeSeconds: ((lastToken ?? first) - first).seconds)
    }
}
