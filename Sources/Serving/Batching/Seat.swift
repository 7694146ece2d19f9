import Decoding
import Tensors

/// A job that has its place in the batch: its sequence, its sampler and the times that it took.
final class Seat {
    let job: Job
    let session: Session
    let generation: Generation
    /// Bytes that are kept for it.
    let kvByteCount: Int
    /// Tokens of the prompt that need not be read again.
    let reusedTokens: Int
    private let started = ContinuousClock.now
    private var firstToken: ContinuousClock.Instant?
    private var lastToken: ContinuousClock.Instant?
    private var promptLogprobs: [[TokenLogprob]] = []

    /// - Parameter session: holds the prompt's beginning, or nothing.
    /// - Throws: `SessionError` for a prompt that the model cannot take.
    init(_ job: Job, _ session: Session, model: Model, positions: Int) throws {
        self.job = job
        self.session = session
        reusedTokens = session.tokens.count
        session.reservePositions(upTo: positions)
        kvByteCount = session.kvByteCount
        generation = try Generation(
            session, prompt: Array(job.prompt[reusedTokens...]), plan: job.plan, options: job.options,
            tokenizer: model.tokenizer, endTokens: model.endTokens)
    }

    /// Tokens for each trunk pass.
    var factor: Int { (job.plan as? MultiTokenPlan)?.factor ?? 1 }

    /// The place in its cycle of the pass that comes next.
    var nextPlace: Int { session.cyclePlace(ofTokenAt: session.tokens.count) ?? 0 }

    var generatedTokens: Int { session.tokens.count - job.prompt.count }

    /// One pass over the prompt's next positions.
    func runChunk(rowLimit: Int) {
        guard let count = job.promptLogprobCount else {
            session.runChunk(rowLimit: rowLimit)
            return
        }
        session.runChunk(rowLimit: rowLimit) { position, logits in
            guard position + 1 < self.job.prompt.count else { return }
            self.promptLogprobs.append(logprobs(of: logits, sampled: self.job.prompt[position + 1], count: count))
        }
        if !session.needsChunk { job.deliver(.prompt(promptLogprobs)) }
    }

    /// Gives out the token that the logits say.
    ///
    /// - Returns: seconds since the token before, or since the job came; nil where there is none.
    func emit() throws -> Double? {
        guard let token = try generation.take() else { return nil }
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
