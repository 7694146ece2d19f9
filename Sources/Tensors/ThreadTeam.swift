import CKernels
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A fixed number of threads that do one job together, the caller among them.
///
/// Between jobs workers spin for a while, because a wake-up costs more than a small matmul, then sleep. One job at a
/// time: `run` is called by one thread.
package final class ThreadTeam {
    /// What a member does: its arguments, which part it is, of how many.
    package typealias Job = @convention(c) (UnsafeRawPointer, Int, Int) -> Void

    /// Members, the caller included.
    package let count: Int
    private let gate = Gate()
    private var workers: [pthread_t] = []

    package init(count: Int) {
        self.count = max(1, count)
        for part in 1..<self.count {
            // A worker that cannot be started would leave its part undone, so there is nothing to go on with.
            guard let thread = Worker(gate: gate, part: part, count: self.count).start() else {
                preconditionFailure("the system refuses to start thread \(part + 1) of \(self.count)")
            }
            workers.append(thread)
        }
    }

    deinit {
        gate.dismiss()
        for worker in workers { pthread_join(worker, nil) }
    }

    /// Runs `job` once for each part and returns when all are done. `arguments` need only live that long.
    package func run(_ job: Job, _ arguments: UnsafeRawPointer) {
        guard count > 1 else { return job(arguments, 0, 1) }
        gate.open(job, arguments, workerCount: count - 1)
        job(arguments, 0, count)
        gate.awaitWorkers()
    }
}

/// Where workers wait for the next job and report that they did it.
// Sendable: `job` and `arguments` are written before a round is announced and read after it is seen.
private final class Gate: @unchecked Sendable {
    private let round = Atomic<UInt>(0)
    private let unfinished = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private let dismissed = Atomic<Bool>(false)
    private var job: ThreadTeam.Job?
    private var arguments: UnsafeRawPointer?
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// Turns of waiting before a worker sleeps: about the time that sampling a token takes.
    private static let patience = 20_000
    /// Turns before a waiting thread offers its core to others, who may be who it waits for.
    private static let politeness = 2_000

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(condition)
        mutex.deallocate()
        condition.deallocate()
    }

    func open(_ job: @escaping ThreadTeam.Job, _ arguments: UnsafeRawPointer, workerCount: Int) {
        self.job = job
        self.arguments = arguments
        unfinished.store(workerCount, ordering: .relaxed)
        announce()
    }

    func dismiss() {
        dismissed.store(true, ordering: .relaxed)
        announce()
    }

    func awaitWorkers() {
        var turns = 0
        while unfinished.load(ordering: .acquiring) > 0 {
            turns += 1
            if turns < Self.politeness { volley_pause() } else { sched_yield() }
        }
    }

    /// Does the part of every job until the team is dismissed.
    func work(part: Int, of count: Int) {
        var seen: UInt = 0
        while true {
            seen = nextRound(after: seen)
            guard !dismissed.load(ordering: .relaxed), let job, let arguments else { return }
            job(arguments, part, count)
            unfinished.subtract(1, ordering: .releasing)
        }
    }

    /// Both sides count on sequential consistency: either the announcer sees a sleeper, or the sleeper the new round.
    private func announce() {
        round.add(1, ordering: .sequentiallyConsistent)
        guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    private func nextRound(after seen: UInt) -> UInt {
        for turn in 0..<Self.patience {
            let current = round.load(ordering: .acquiring)
            if current != seen { return current }
            if turn % Self.politeness == Self.politeness - 1 { sched_yield() } else { volley_pause() }
        }
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        sleepers.add(1, ordering: .sequentiallyConsistent)
        defer { sleepers.subtract(1, ordering: .sequentiallyConsistent) }
        while round.load(ordering: .sequentiallyConsistent) == seen { pthread_cond_wait(condition, mutex) }
        return round.load(ordering: .acquiring)
    }
}

/// One thread's place in the team.
private final class Worker: Sendable {
    private let gate: Gate
    private let part: Int
    private let count: Int

    init(gate: Gate, part: Int, count: Int) {
        self.gate = gate
        self.part = part
        self.count = count
    }

    func start() -> pthread_t? {
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let status = pthread_create(
            &thread, nil,
            { context in
                #if canImport(Darwin)
                    let worker = Unmanaged<Worker>.fromOpaque(context).takeRetainedValue()
                #else
                    guard let context else { return nil }
                    let worker = Unmanaged<Worker>.fromOpaque(context).takeRetainedValue()
                #endif
                worker.gate.work(part: worker.part, of: worker.count)
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        return status == 0 ? thread : nil
    }
}
