import Decoding
import Hummingbird
import Synchronization

/// One event of one of a request's choices.
struct ChoiceEvent: Sendable {
    let choice: Int
    let event: JobEvent
}

/// A request's choices under way: every prompt so many times, each choice with a seed of its own.
///
/// Letting go of the stream cancels what is not done.
struct AnswerStream: Sendable {
    let events: AsyncStream<ChoiceEvent>
    /// By choice.
    let prompts: [[Int]]
    private let jobs: [Job]

    /// - Parameters:
    ///   - logprobCount: most likely tokens beside each token; nil for none.
    ///   - scoresPrompt: whether they are wanted for the prompt's own tokens too.
    /// - Throws: `APIError` where the queue does not take them.
    init(
        _ prompts: [[Int]], _ answer: AnswerFields, logprobCount: Int?, scoresPrompt: Bool, queue: AdmissionQueue
    ) throws(APIError) {
        self.prompts = prompts.flatMap { Array(repeating: $0, count: answer.choiceCount) }
        // Unbounded, and yet no larger than an answer may be: a slow reader must not hold up the others.
        let (events, continuation) = AsyncStream<ChoiceEvent>.makeStream()
        self.events = events
        let remaining = Countdown(from: self.prompts.count)
        let jobs = self.prompts.enumerated().map { choice, prompt in
            var options = answer.options
            options.logprobCount = logprobCount
            options.sampling.seed = answer.options.sampling.seed.map { $0 &+ UInt64(choice % answer.choiceCount) }
            return Job(
                prompt: prompt, plan: answer.plan, options: options,
                promptLogprobCount: scoresPrompt ? logprobCount : nil
            ) { event in
                continuation.yield(ChoiceEvent(choice: choice, event: event))
                if event.isEnd, remaining.countDown() { continuation.finish() }
            }
        }
        self.jobs = jobs
        continuation.onTermination = { _ in for job in jobs { job.cancel() } }
        do {
            try queue.submit(jobs)
        } catch {
            throw error.apiError
        }
    }

    /// Ends what is not done.
    func cancel() { for job in jobs { job.cancel() } }
}

/// Says when the last of some choices has ended.
private final class Countdown: Sendable {
    private let remaining: Atomic<Int>

    init(from count: Int) { remaining = Atomic(count) }

    func countDown() -> Bool { remaining.subtract(1, ordering: .relaxed).newValue == 0 }
}

extension JobEvent {
    fileprivate var isEnd: Bool {
        switch self {
        case .finished, .failed: true
        case .prompt, .token: false
        }
    }
}

/// What came of one choice so far.
struct ChoiceRecord: Sendable {
    let prompt: [Int]
    var promptLogprobs: [[TokenLogprob]] = []
    var tokens: [GeneratedToken] = []
    var summary: JobSummary?

    var text: String { tokens.map(\.text).joined() }

    /// - Throws: `APIError` where the model failed.
    mutating func take(_ event: JobEvent) throws(APIError) {
        switch event {
        case .prompt(let logprobs): promptLogprobs = logprobs
        case .token(let token): tokens.append(token)
        case .finished(let summary): self.summary = summary
        case .failed(let error): throw APIError(status: .internalServerError, message: "\(error)", code: "model_failed")
        }
    }
}
