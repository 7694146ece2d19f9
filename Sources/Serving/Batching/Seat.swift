import Decoding
import Tensors

/// A job in the batch, with its sequence, generator and times.
final class Seat {
    let job: Job
    let sequence: TokenSequence
    let generator: Generator
    /// Bytes reserved for keys and values.
    let kvByteCount: Int
    /// Prompt tokens whose keys and values came from another sequence.
    private(set) var reusedTokens: Int
    /// Those of them that the client may learn of.
    private var toldTokens: Int
    private let started = ContinuousClock.now
    private var firstToken: ContinuousClock.Instant?
    private var lastToken: ContinuousClock.Instant?
    private var promptLogprobs: [[TokenLogprob]] = []

    /// - Parameters:
    ///   - sequence: a sequence of `engine`, empty or with a prefix of the prompt.
    ///   - isTold: whether the client may learn of that prefix.
    ///   - entries: the maximum number of ring entries.
    ///   - draftByteCount: bytes of keys and values of the model that drafts.
    /// - Throws: `SessionError` for an invalid prompt.
    init(
        _ job: Job, _ sequence: TokenSequence, isTold: Bool, engine: Engine, model: Model, entries: RingEntries,
        draftByteCount: Int
    ) throws {
        self.job = job
        self.sequence = sequence
        reusedTokens = sequence.tokens.count
        toldTokens = isTold ? reusedTokens : 0
        sequence.reserve(entries)
        kvByteCount = sequence.kvByteCount + draftByteCount
        generator = Generator(model, sharing: engine, sequence: sequence)
        try generator.begin(
            Array(job.prompt[reusedTokens...]), plan: job.plan, options: job.options, selection: job.selection)
    }

    /// The cycle index of the next pass.
    var nextCycleIndex: Int { sequence.cycleIndex(ofTokenAt: sequence.tokens.count) ?? 0 }

    /// The number of tokens that the head has not seen.
    var unreadTokens: Int { sequence.tokens.count - sequence.computedCount }

    var generatedTokens: Int { sequence.tokens.count - job.prompt.count }

    /// The sequence, for others to continue from.
    var prefix: Prefix { Prefix(sequence, client: job.client, promptCount: job.prompt.count) }

    /// Copies the keys and values of the longest prefix that one of `others` shares, if it is long enough.
    ///
    /// - Parameter cache: says which of them are open to the job.
    func takeOver(fromOneOf others: [Prefix], in cache: PrefixCache) {
        // Logprobs of a prompt need the whole prompt to be read.
        guard job.promptLogprobCount == nil else { return }
        let ends = others.map { cache.isOpen($0, to: job) ? sequence.sharedEnd(with: $0.sequence) : 0 }
        guard let end = ends.max(), let index = ends.firstIndex(of: end) else { return }
        let gain = end - sequence.computedCount
        guard gain >= PrefixCache.leastShared else { return }
        sequence.takeOver(from: others[index].sequence, upTo: end)
        reusedTokens += gain
        if cache.isTold(others[index], to: job) { toldTokens += gain }
    }

    /// Takes the keys and values of the longest prefix that is on disk.
    ///
    /// - Parameter isTold: whether the client may learn of it.
    func restore(from prefixes: CachedPrefixes, isTold: Bool) {
        // Logprobs of a prompt need the whole prompt to be read.
        guard job.promptLogprobCount == nil else { return }
        let gain = prefixes.restore(sequence)
        reusedTokens += gain
        if isTold { toldTokens += gain }
    }

    /// Runs one pass over the prompt's next positions.
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
        // If keys or values did not fit, the next `emit` throws, and these logprobs are not delivered.
        guard !sequence.isBehind, (try? sequence.checkCache()) != nil else { return }
        job.deliver(.prompt(promptLogprobs))
    }

    /// Samples and delivers the next token.
    ///
    /// - Returns: seconds since the last token, or since the job's arrival; nil if there is no token.
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
            finishReason: reason, promptTokens: job.prompt.count, reusedTokens: toldTokens,
            generatedTokens: generatedTokens, drafts: generator.statistics.drafts,
            agreement: generator.statistics.agreement, waitSeconds: (started - job.submitted).seconds,
            promptSeconds: (first - started).seconds, decodeSeconds: ((lastToken ?? first) - first).seconds)
    }
}
