import NIOConcurrencyHelpers

/// Jobs that wait for a place in the batch, first come, first served. Used from every thread.
package final class AdmissionQueue: Sendable {
    private struct State {
        var waiting: [Job] = []
        var isOpen = true
        var wake: @Sendable () -> Void = {}
    }

    /// Most jobs that wait.
    package let limit: Int
    private let budget: KVBudget
    // NIO's lock: ThreadSanitizer cannot see into the standard library's Mutex, and takes what it guards for races.
    private let state = NIOLockedValueBox(State())

    init(limit: Int, budget: KVBudget) {
        self.limit = limit
        self.budget = budget
    }

    /// Takes all of `jobs` or none.
    ///
    /// - Throws: `AdmissionError` where the queue is full or closed, or a job could never have its place.
    package func submit(_ jobs: [Job]) throws(AdmissionError) {
        for job in jobs where budget.byteCount(of: job) > budget.byteCount {
            throw .tooLarge(
                positions: budget.positions(of: job), byteCount: budget.byteCount(of: job), budget.byteCount)
        }
        let admitted: Result<@Sendable () -> Void, AdmissionError> = state.withLockedValue { state in
            guard state.isOpen else { return .failure(.stopping) }
            guard state.waiting.count + jobs.count <= limit else { return .failure(.queueFull(limit: limit)) }
            state.waiting += jobs
            return .success(state.wake)
        }
        let wake = try admitted.get()
        wake()
    }

    /// Refuses jobs from now on; those that wait are still served.
    package func close() {
        let wake = state.withLockedValue { state in
            state.isOpen = false
            return state.wake
        }
        wake()
    }

    package var count: Int { state.withLockedValue { $0.waiting.count } }
    package var isOpen: Bool { state.withLockedValue { $0.isOpen } }

    /// Called, on any thread, when there may be something to do.
    func onChange(_ wake: @escaping @Sendable () -> Void) { state.withLockedValue { $0.wake = wake } }

    /// Removes the first job where `fits`.
    func takeFirst(where fits: (Job) -> Bool) -> Job? {
        state.withLockedValue { state in
            guard let first = state.waiting.first, fits(first) else { return nil }
            return state.waiting.removeFirst()
        }
    }

    /// Removes the jobs that were cancelled while they waited.
    func takeCancelled() -> [Job] {
        state.withLockedValue { state in
            let cancelled = state.waiting.filter(\.isCancelled)
            if !cancelled.isEmpty { state.waiting.removeAll(where: \.isCancelled) }
            return cancelled
        }
    }
}

/// Why a job is not taken, in one sentence.
package enum AdmissionError: Error, Equatable, CustomStringConvertible {
    case queueFull(limit: Int)
    case stopping
    case tooLarge(positions: Int, byteCount: Int, _ budget: Int)

    package var description: String {
        switch self {
        case .queueFull(let limit): "\(limit) requests are waiting already; try again in a while"
        case .tooLarge(let positions, let byteCount, let budget):
            "prompt and answer of \(positions) tokens need \(byteCount) bytes of keys and values, and the server has \(budget); "
                + "ask for less"
        case .stopping: "the server is shutting down; ask another one"
        }
    }
}
