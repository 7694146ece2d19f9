import Decoding
import NIOCore
import Synchronization

/// The choices of one request while they are generated: `choiceCount` for each prompt, each with its own seed.
///
/// Dropping the stream cancels the choices that have not ended; so does a client that leaves.
struct AnswerStream: Sendable {
    let events: AsyncStream<AnswerEvent>
    /// The prompt of each choice.
    let prompts: [[Int]]

    /// - Parameters:
    ///   - place: the request's place in the queue.
    ///   - count: called with the tokens of every prompt and answer, as they come.
    /// - Throws: `APIError` if the queue refuses the choices.
    init<Format: AnswerFormat>(
        _ asked: PreparedAnswer<Format>, client: Client, queue: AdmissionQueue,
        from place: consuming AdmissionQueue.Place, exchange: Exchange,
        count: @escaping @Sendable (_ tokens: Int, _ isPrompt: Bool) -> Void
    ) throws(APIError) {
        let choiceCount = asked.answer.choiceCount
        prompts = asked.prompts.flatMap { Array(repeating: $0, count: choiceCount) }
        // Unbounded, so that a slow reader does not hold up the batch. The answer's length limits its size.
        let (events, continuation) = AsyncStream<AnswerEvent>.makeStream()
        self.events = events
        let remaining = Countdown(from: prompts.count)
        let jobs = prompts.enumerated().map { choice, prompt in
            var options = asked.options
            options.sampling.seed = options.sampling.seed.map { $0 &+ UInt64(choice % choiceCount) }
            return Job(
                prompt: prompt, plan: asked.answer.plan, options: options,
                selection: TokenSelection(processors: asked.answer.logitBias.processors),
                promptLogprobCount: asked.scoresPrompt ? options.logprobCount : nil, client: client
            ) { event in
                if case .token = event { count(1, false) }
                continuation.yield(.choice(ChoiceEvent(choice: choice, event: event)))
                if event.isEnd, remaining.countDown() { continuation.finish() }
            }
        }
        let presence = exchange.presence
        let clock = exchange.eventLoop.scheduleRepeatedTask(initialDelay: Self.tick, delay: Self.tick) { _ in
            continuation.yield(.tick)
        }
        continuation.onTermination = { _ in
            clock.cancel()
            presence.onLeaving(nil)
            for job in jobs { job.cancel() }
        }
        do {
            try queue.submit(jobs, from: place)
        } catch {
            continuation.finish()
            throw error.apiError
        }
        for prompt in asked.prompts { count(prompt.count, true) }
        presence.onLeaving { for job in jobs { job.cancel() } }
    }

    /// Time between two ticks.
    private static let tick = TimeAmount.seconds(1)
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
