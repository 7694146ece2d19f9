public import Decoding
import Synchronization

/// The tokens that a session generates, each made when it is asked for.
///
/// ```swift
/// let generation = session.generate("Once upon a time", plan: .multiToken(4))
/// for try await token in generation { print(token.text, terminator: "") }
/// print(generation.statistics.tokensPerSecond)
/// ```
///
/// It is iterated once. Cancelling the task that iterates ends it before the next pass, without an error; so does leaving
/// the loop. The session keeps the tokens that were given out, and takes the next generation.
public final class Generation: AsyncSequence, Sendable {
    /// How a generation stands.
    struct Progress: Sendable {
        var finishReason: FinishReason?
        var statistics = GenerationStatistics()
    }

    private let session: Session
    private let prompt: Prompt
    private let plan: PlanRequest
    private let options: GenerationOptions
    private let progress = Mutex(Progress())
    private let wasIterated = Atomic(false)

    init(_ session: Session, _ prompt: Prompt, plan: PlanRequest, options: GenerationOptions) {
        self.session = session
        self.prompt = prompt
        self.plan = plan
        self.options = options
    }

    /// Why it ended; nil until it has, and where its iterator was dropped before.
    public var finishReason: FinishReason? { progress.withLock(\.finishReason) }

    /// What it took so far.
    public var statistics: GenerationStatistics { progress.withLock(\.statistics) }

    /// Begins nothing: the first call of `next` does.
    public func makeAsyncIterator() -> Iterator { Iterator(self) }

    fileprivate func begin() async throws -> Turn {
        guard !wasIterated.exchange(true, ordering: .relaxed) else { throw GenerationError.iteratedTwice }
        guard let turn = Turn(of: session) else { throw SessionError.busy }
        try await session.begin(prompt, plan: plan, options: options)
        return turn
    }

    fileprivate func step() async throws -> GeneratedToken? {
        let (token, progress) = try await session.step()
        self.progress.withLock { $0 = progress }
        return token
    }
}

extension Generation {
    /// Asks for one token after the other.
    public struct Iterator: AsyncIteratorProtocol {
        private enum State {
            case ready
            case running(Turn)
            case ended
        }

        private let generation: Generation
        private var state = State.ready

        fileprivate init(_ generation: Generation) { self.generation = generation }

        /// The next token, or nil when the generation has ended or the task is cancelled.
        ///
        /// - Throws: before the first token `SessionError`, `GenerationError`, `SamplingError`, `PlanError` or
        ///   `TokenizerError` for what cannot be done; later `SamplingError.logitsNotFinite` where the weights are damaged, and
        ///   `SessionError.cacheOverflow` where keys or values do not fit float16.
        public mutating func next() async throws -> GeneratedToken? {
            do {
                if case .ready = state { state = .running(try await generation.begin()) }
                guard case .running = state else { return nil }
                let token = try await generation.step()
                if generation.finishReason != nil { state = .ended }
                return token
            } catch {
                state = .ended
                throw error
            }
        }
    }
}
