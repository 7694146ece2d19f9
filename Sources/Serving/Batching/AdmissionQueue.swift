import NIOConcurrencyHelpers

/// Jobs that wait for a seat in the batch, in order of arrival. Safe to use from any thread.
package final class AdmissionQueue: Sendable {
    private struct State {
        var waiting: [Job] = []
        var isOpen = true
        var wake: @Sendable () -> Void = {}
    }

    /// Maximum number of waiting jobs.
    package let limit: Int
    private let budget: KVBudget
    // NIO's lock: ThreadSanitizer does not know the standard library's Mutex, and reports false races.
    private let state = NIOLockedValueBox(State())

    init(limit: Int, budget: KVBudget) {
        self.limit = limit
        self.budget = budget
    }

    /// Adds all of `jobs`, or none.
    ///
    /// - Throws: `AdmissionError` if the queue is full or closed, or if a job needs more memory than the server has.
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

    /// Refuses new jobs from now on. Waiting jobs are still served.
    package func close() {
        let wake = state.withLockedValue { state in
            state.isOpen = false
            return state.wake
        }
        wake()
    }

    package var count: Int { state.withLockedValue { $0.waiting.count } }
    package var isOpen: Bool { state.withLockedValue { $0.isOpen } }

    /// Sets a function to call, on any thread, when jobs arrive or the queue closes.
    func onChange(_ wake: @escaping @Sendable () -> Void) { state.withLockedValue { $0.wake = wake } }

    /// Removes and returns the first job if it fits; otherwise returns nil.
    func takeFirst(where fits: (Job) -> Bool) -> Job? {
        state.withLockedValue { state in
            guard let first = state.waiting.first, fits(first) else { return nil }
            return state.waiting.removeFirst()
        }
    }

    /// Removes and returns the jobs that were cancelled while they waited.
    func takeCancelled() -> [Job] {
        state.withLockedValue { state in
            let cancelled = state.waiting.filter(\.isCancelled)
            if !cancelled.isEmpty { state.waiting.removeAll(where: \.isCancelled) }
            return cancelled
        }
    }
}
