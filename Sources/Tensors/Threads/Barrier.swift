import CKernels
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The fork-join barrier of a team: publishes a job to the workers and waits until all have left it.
// Sendable: the job's fields change only while the barrier is closed and no worker is inside.
final class Barrier: @unchecked Sendable {
    /// Counts jobs, so that waiting workers notice a new one.
    private let round = Atomic<UInt>(0)
    /// Whether workers may enter the current job.
    private let isOpen = Atomic<Bool>(false)
    /// Workers in the current job.
    private let inside = Atomic<Int>(0)
    private let runs: PartRuns
    private let sleepers = Atomic<Int>(0)
    private let isStopped = Atomic<Bool>(false)
    private var job: ThreadTeam.Job?
    private var arguments: UnsafeRawPointer?
    private var parts = 0
    private var next: UnsafePointer<UnsafeRawPointer?>?
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// Iterations that a worker spins before it sleeps: about the time that sampling a token takes.
    private static let spinLimit = 20_000
    /// Iterations between yields of a spinning thread, which may hold the core of a thread that it waits for.
    private static let yieldInterval = 2_000

    init(memberCount: Int) {
        runs = PartRuns(memberCount: memberCount)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(condition)
        mutex.deallocate()
        condition.deallocate()
    }

    /// Starts a job and wakes the workers.
    func open(
        _ job: @escaping ThreadTeam.Job, _ arguments: UnsafeRawPointer, parts: Int,
        next: UnsafePointer<UnsafeRawPointer?>?
    ) {
        self.job = job
        self.arguments = arguments
        self.parts = parts
        self.next = next
        runs.deal(parts)
        isOpen.store(true, ordering: .sequentiallyConsistent)
        announce()
    }

    /// Runs parts of the current job until none is left.
    func takeParts(member: Int) {
        guard let job, let arguments else { return }
        while let part = runs.take(member) { job(arguments, part, parts, member) }
    }

    /// Ends the job and waits for workers in their last part. Sequential consistency guarantees that a worker arriving
    /// now either sees the barrier closed or is seen inside.
    func close() {
        isOpen.store(false, ordering: .sequentiallyConsistent)
        var iterations = 0
        var ahead = readAhead(of: 0)
        while inside.load(ordering: .sequentiallyConsistent) > 0 {
            if ahead?.prefetchLine() == true { continue }
            iterations += 1
            if iterations < Self.yieldInterval { volley_pause() } else { sched_yield() }
        }
    }

    /// Makes the workers return from `work`.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        announce()
    }

    /// Runs parts of every job until the team stops.
    func work(member: Int) {
        var seen: UInt = 0
        var ahead: ReadAhead?
        while true {
            seen = nextRound(after: seen, &ahead)
            guard !isStopped.load(ordering: .relaxed) else { return }
            inside.add(1, ordering: .sequentiallyConsistent)
            if isOpen.load(ordering: .sequentiallyConsistent) {
                takeParts(member: member)
                // Small jobs between two matmuls give no address; keep the previous one.
                ahead = readAhead(of: member) ?? ahead
            }
            inside.subtract(1, ordering: .sequentiallyConsistent)
        }
    }

    /// The read-ahead of `member` after the current job; nil if unknown.
    private func readAhead(of member: Int) -> ReadAhead? {
        next?[member].map { ReadAhead(from: $0) }
    }

    /// Starts a round and wakes sleepers. Sequential consistency guarantees that either this thread sees the sleeper or
    /// the sleeper sees the new round.
    private func announce() {
        round.add(1, ordering: .sequentiallyConsistent)
        guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Waits for a round after `seen`, spinning and then sleeping.
    private func nextRound(after seen: UInt, _ ahead: inout ReadAhead?) -> UInt {
        for iteration in 0..<Self.spinLimit {
            let current = round.load(ordering: .acquiring)
            if current != seen { return current }
            if ahead?.prefetchLine() == true { continue }
            if iteration % Self.yieldInterval == Self.yieldInterval - 1 { sched_yield() } else { volley_pause() }
        }
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        sleepers.add(1, ordering: .sequentiallyConsistent)
        defer { sleepers.subtract(1, ordering: .sequentiallyConsistent) }
        while round.load(ordering: .sequentiallyConsistent) == seen { pthread_cond_wait(condition, mutex) }
        return round.load(ordering: .acquiring)
    }
}
