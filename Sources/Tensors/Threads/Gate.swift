import CKernels
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where members find the job at hand and its next part, and where workers wait for another.
// Sendable: the job's fields change only while the gate is closed and no worker is inside.
final class Gate: @unchecked Sendable {
    private let round = Atomic<UInt>(0)
    private let isOpen = Atomic<Bool>(false)
    /// Workers that look at the job.
    private let inside = Atomic<Int>(0)
    private let runs: PartRuns
    private let sleepers = Atomic<Int>(0)
    private let dismissed = Atomic<Bool>(false)
    private var job: ThreadTeam.Job?
    private var arguments: UnsafeRawPointer?
    private var parts = 0
    private var next: UnsafePointer<UnsafeRawPointer?>?
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// Turns of waiting before a worker sleeps: about the time that sampling a token takes.
    private static let patience = 20_000
    /// Turns before a waiting thread offers its core to others, who may be who it waits for.
    private static let politeness = 2_000

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

    /// Does parts of the job at hand until none is left.
    func takeParts(member: Int) {
        guard let job, let arguments else { return }
        while let part = runs.take(member) { job(arguments, part, parts, member) }
    }

    /// Waits for those who are still at their last part. Either a worker that comes now sees the gate closed, or it is
    /// seen inside: both sides count on sequential consistency.
    func close() {
        isOpen.store(false, ordering: .sequentiallyConsistent)
        var turns = 0
        var ahead = readAhead(of: 0)
        while inside.load(ordering: .sequentiallyConsistent) > 0 {
            if ahead?.fetchLine() == true { continue }
            turns += 1
            if turns < Self.politeness { volley_pause() } else { sched_yield() }
        }
    }

    func dismiss() {
        dismissed.store(true, ordering: .relaxed)
        announce()
    }

    /// Takes parts of every job until the team is dismissed.
    func work(member: Int) {
        var seen: UInt = 0
        var ahead: ReadAhead?
        while true {
            seen = nextRound(after: seen, &ahead)
            guard !dismissed.load(ordering: .relaxed) else { return }
            inside.add(1, ordering: .sequentiallyConsistent)
            if isOpen.load(ordering: .sequentiallyConsistent) {
                takeParts(member: member)
                // Small work between two matmuls changes nothing of what comes after it.
                ahead = readAhead(of: member) ?? ahead
            }
            inside.subtract(1, ordering: .sequentiallyConsistent)
        }
    }

    /// What the job at hand says that `member` will read next.
    private func readAhead(of member: Int) -> ReadAhead? {
        next?[member].map { ReadAhead(from: $0) }
    }

    /// Both sides count on sequential consistency: either the announcer sees a sleeper, or the sleeper the new round.
    private func announce() {
        round.add(1, ordering: .sequentiallyConsistent)
        guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    private func nextRound(after seen: UInt, _ ahead: inout ReadAhead?) -> UInt {
        for turn in 0..<Self.patience {
            let current = round.load(ordering: .acquiring)
            if current != seen { return current }
            if ahead?.fetchLine() == true { continue }
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
