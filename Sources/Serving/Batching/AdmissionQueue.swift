import NIOConcurrencyHelpers

/// Jobs that wait for a seat in the batch. Clients take turns, so that one client's many jobs do not hold up another's few.
/// Safe to use from any thread.
package final class AdmissionQueue: Sendable {
    private struct State {
        var waiting = FairQueue<Job>()
        /// A job that did not fit, and the number of jobs that overtook it.
        var blocked: (job: Job, overtakenCount: Int)?
        /// Requests of each client that are being prepared: they will become jobs.
        var preparing: [String: Int] = [:]
        var isOpen = true
        var wake: @Sendable () -> Void = {}

        var count: Int { waiting.count + preparing.values.reduce(0, +) }

        func count(of client: String) -> Int { waiting.count(of: client) + (preparing[client] ?? 0) }

        mutating func endPreparing(_ client: String) {
            preparing[client] = preparing[client].flatMap { $0 > 1 ? $0 - 1 : nil }
        }
    }

    /// A place in the queue for a request that is being prepared. Dropping it gives the place up.
    package struct Place: ~Copyable, Sendable {
        fileprivate let queue: AdmissionQueue
        fileprivate let client: String

        deinit { queue.state.withLockedValue { $0.endPreparing(client) } }
    }

    /// Most jobs that wait; twice as many if some of them are of clients with less than their share.
    package let limit: Int
    private let budget: KVBudget
    // NIO's lock: ThreadSanitizer does not know the standard library's Mutex, and reports false races.
    private let state = NIOLockedValueBox(State())

    init(limit: Int, budget: KVBudget) {
        self.limit = limit
        self.budget = budget
    }

    /// Takes a place for a request whose prompt is not yet known.
    ///
    /// - Throws: `AdmissionError` if the queue is full or closed.
    package func enter(_ client: Client) throws(AdmissionError) -> Place {
        try state.withLockedValue { state in
            check(1, of: client.id, in: state).map { state.preparing[client.id, default: 0] += 1 }
        }.get()
        return Place(queue: self, client: client.id)
    }

    /// Adds all of `jobs`, which are one client's, or none.
    ///
    /// - Parameter place: the place of the request that the jobs are made of.
    /// - Throws: `AdmissionError` if the queue is full or closed, or if a job needs more memory than the server has.
    package func submit(_ jobs: [Job], from place: consuming Place? = nil) throws(AdmissionError) {
        for job in jobs where budget.byteCount(of: job) > budget.byteCount {
            throw .tooLarge(
                positions: budget.positions(of: job), byteCount: budget.byteCount(of: job), budget.byteCount)
        }
        guard let client = jobs.first?.client.id else { return }
        let given = place == nil ? 0 : 1
        let wake = try state.withLockedValue { state in
            check(jobs.count - given, of: client, in: state).map {
                for job in jobs { state.waiting.add(job, for: client) }
                return state.wake
            }
        }.get()
        wake()
    }

    /// A full queue still admits a client with less than its share, so that no other client can lock it out.
    private func check(_ count: Int, of client: String, in state: State) -> Result<Void, AdmissionError> {
        guard state.isOpen else { return .failure(.stopping) }
        let (total, own) = (state.count + count, state.count(of: client) + count)
        let share = limit / (Set(state.preparing.keys).count + state.waiting.clientCount + 1)
        guard total <= limit || (own <= max(share, 1) && total <= 2 * limit) else {
            return .failure(.queueFull(limit: limit))
        }
        return .success(())
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

    /// Most jobs that overtake one that does not fit.
    private static let overtakingLimit = 16

    /// Removes and returns the next job for which there is a seat and memory. Smaller jobs may overtake one that does not fit;
    /// after some of them the memory that becomes free is kept for it.
    ///
    /// - Parameters:
    ///   - hasSeat: whether the job's client may take a seat now.
    ///   - fits: whether there is memory for the job.
    func next(hasSeat: (Job) -> Bool, fits: (Job) -> Bool) -> Job? {
        state.withLockedValue { state in
            let blocked = state.blocked
            var passed: [Job] = []
            let next = state.waiting.next { job in
                if let blocked, blocked.overtakenCount == Self.overtakingLimit,
                    passed.contains(where: { $0 === blocked.job })
                {
                    return false
                }
                guard hasSeat(job) else { return false }
                if !fits(job) { passed.append(job) }
                return passed.last !== job
            }
            if let blocked, passed.contains(where: { $0 === blocked.job }) {
                state.blocked?.overtakenCount += next == nil ? 0 : 1
            } else {
                state.blocked = passed.first.map { ($0, next == nil ? 0 : 1) }
            }
            return next
        }
    }

    /// Removes and returns the jobs that were cancelled while they waited.
    func takeCancelled() -> [Job] {
        state.withLockedValue { $0.waiting.removeAll(where: \.isCancelled) }
    }
}
