public import Decoding
import Synchronization

/// The tokens of a session's generation. Each is computed when the iterator asks for it.
///
/// ```swift
/// let generation = session.generate("Once upon a time", plan: .multiToken(4))
/// for try await token in generation { print(token.text, terminator: "") }
/// print(generation.statistics.tokensPerSecond)
/// ```
///
/// A generation can be iterated once. Cancelling the iterating task ends it before the next pass, without an error; so does
/// leaving the loop. The session keeps the tokens generated so far, and can start the next generation.
public final class Generation: AsyncSequence, Sendable {
    /// The state of a generation after its last token.
    struct Progress: Sendable {
        var finishReason: FinishReason?
        var statistics = GenerationStatistics()
    }

    private let session: Session
    private let prompt: Prompt
    private let plan: PlanRequest
    private let options: GenerationOptions
    private let selection: TokenSelection
    private let progress = Mutex(Progress())
    private let wasIterated = Atomic(false)

    init(
        _ session: Session, _ prompt: Prompt, plan: PlanRequest, options: GenerationOptions, selection: TokenSelection
    ) {
        self.session = session
        self.prompt = prompt
        self.plan = plan
        self.options = options
        self.selection = selection
    }

    /// Why the generation ended; nil before the end, and if the iterator was dropped earlier.
    public var finishReason: FinishReason? { progress.withLock(\.finishReason) }

    /// Times, passes and memory of the generation so far.
    public var statistics: GenerationStatistics { progress.withLock(\.statistics) }

    /// The iterator. Its first call of `next` begins the generation.
    public func makeAsyncIterator() -> Iterator { Iterator(self) }

    fileprivate func begin() async throws -> SessionLease {
        guard !wasIterated.exchange(true, ordering: .relaxed) else { throw GenerationError.iteratedTwice }
        guard let lease = SessionLease(of: session) else { throw SessionError.busy }
        try await session.begin(prompt, plan: plan, options: options, selection: selection)
        return lease
    }

    fileprivate func step() async throws -> GeneratedToken? {
        let (token, progress) = try await session.step()
        self.progress.withLock { $0 = progress }
        return token
    }
}

extension Generation {
    /// Computes one token after the other.
    public struct Iterator: AsyncIteratorProtocol {
        private enum State {
            case ready
            case running(SessionLease)
            case ended
        }

        private let generation: Generation
        private var state = State.ready

        fileprivate init(_ generation: Generation) { self.generation = generation }

        /// The next token, or nil when the generation has ended or the task is cancelled.
        ///
        /// - Throws: before the first token `SessionError`, `GenerationError`, `SamplingError`, `PlanError` or `TokenizerError` if
        ///   the generation cannot begin; later `SamplingError.logitsNotFinite` if the weights are damaged,
        ///   `SessionError.cacheOverflow` if keys or values are too large for their format, `SamplingError` if logit processors leave
        ///   no token to choose, and the errors that processors and sampler throw.
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
