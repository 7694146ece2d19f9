import Decoding
import Tensors

/// A job that has its place in the batch: its sequence, its sampler and the times that it took.
final class Seat {
    let job: Job
    let context: DecodingContext
    let loop: DecodingLoop
    /// Bytes that are kept for it.
    let kvByteCount: Int
    /// Tokens of the prompt that another sequence had read.
    private(set) var reusedTokens: Int
    private let started = ContinuousClock.now
    private var firstToken: ContinuousClock.Instant?
    private var lastToken: ContinuousClock.Instant?
    private var promptLogprobs: [[TokenLogprob]] = []

    /// - Parameters:
    ///   - context: holds the prompt's beginning, or nothing.
    ///   - entries: of keys and values that it may come to.
    /// - Throws: `SessionError` for a prompt that the model cannot take.
    init(_ job: Job, _ context: DecodingContext, model: Model, entries: RingEntries) throws {
        self.job = job
        self.context = context
        reusedTokens = context.tokens.count
        context.reserve(entries)
        kvByteCount = context.kvByteCount
        loop = try DecodingLoop(
            context, prompt: Array(job.prompt[reusedTokens...]), plan: job.plan, options: job.options,
            tokenizer: model.tokenizer, endTokens: model.endTokens)
    }

    /// Tokens for each trunk pass.
    var factor: Int { (job.plan as? MultiTokenPlan)?.factor ?? 1 }

    /// The place in its cycle of the pass that comes next.
    var nextPlace: Int { context.cyclePlace(ofTokenAt: context.tokens.count) ?? 0 }

    /// Tokens that the head has not seen.
    var unreadTokens: Int { context.tokens.count - context.computedCount }

    var generatedTokens: Int { context.tokens.count - job.prompt.count }

    /// The next token, by passes of its own; returns what they were.
    func runAlone() -> PassCounts {
        let before = context.passes
        context.run()
        return context.passes - before
    }

    /// Copies what one of `others` has read of the prompt's beginning, where that is worth it.
    func takeOver(fromOneOf others: [DecodingContext]) {
        // All of a prompt must be read for its logprobs.
        guard job.promptLogprobCount == nil else { return }
        let ends = others.map { context.sharedEnd(with: $0) }
        guard let end = ends.max(), let place = ends.firstIndex(of: end) else { return }
        let gain = end - context.computedCount
        guard gain >= PrefixCache.leastShared else { return }
        context.takeOver(from: others[place], upTo: end)
        reusedTokens += gain
    }

    /// One pass over the prompt's next positions.
    func runChunk(rowLimit: Int) {
        guard let count = job.promptLogprobCount else {
            context.runChunk(rowLimit: rowLimit)
            return
        }
        context.runChunk(rowLimit: rowLimit) { position, logits in
            guard position + 1 < self.job.prompt.count else { return }
            self.promptLogprobs.append(logprobs(of: logits, sampled: self.job.prompt[position + 1], count: count))
        }
        // The emission that follows fails where keys or values did not fit; their logprobs are not given out.
        guard !context.needsChunk, (try? context.checkCache()) != nil else { return }
        job.deliver(.prompt(promptLogprobs))
    }

    /// Gives out the token that the logits say.
    ///
    /// - Returns: seconds since the token before, or since the job came; nil where there is none.
    func emit() throws -> Double? {
        guard let token = try loop.take() else { return nil }
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
