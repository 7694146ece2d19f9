import Decoding
import Hummingbird
import Synchronization

/// The choices of one request while they are generated: `choiceCount` for each prompt, each with its own seed.
///
/// Dropping the stream cancels the choices that have not ended.
struct AnswerStream: Sendable {
    let events: AsyncStream<ChoiceEvent>
    /// The prompt of each choice.
    let prompts: [[Int]]
    private let jobs: [Job]

    /// - Parameters:
    ///   - options: of every choice; `seed` is the first choice's.
    ///   - scoresPrompt: whether the prompt's tokens get logprobs too.
    /// - Throws: `APIError` if the queue refuses the choices.
    init(
        _ prompts: [[Int]], choiceCount: Int, plan: any DecodePlan, options: GenerationOptions, scoresPrompt: Bool,
        queue: AdmissionQueue
    ) throws(APIError) {
        self.prompts = prompts.flatMap { Array(repeating: $0, count: choiceCount) }
        // Unbounded, so that a slow reader does not hold up the batch. The answer's length limits its size.
        let (events, continuation) = AsyncStream<ChoiceEvent>.makeStream()
        self.events = events
        let remaining = Countdown(from: self.prompts.count)
        let jobs = self.prompts.enumerated().map { choice, prompt in
            var options = options
            options.sampling.seed = options.sampling.seed.map { $0 &+ UInt64(choice % choiceCount) }
            return Job(
                prompt: prompt, plan: plan, options: options,
                promptLogprobCount: scoresPrompt ? options.logprobCount : nil
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

    /// Ends the choices that have not ended.
    func cancel() { for job in jobs { job.cancel() } }
}

/// Counts choices that have not ended.
private final class Countdown: Sendable {
    private let remaining: Atomic<Int>

    init(from count: Int) { remaining = Atomic(count) }

    /// Returns whether this was the last one.
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
