#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A fixed-size thread pool that includes the calling thread and runs one job at a time.
///
/// A job is cut into parts, which members take when they are free (`PartRuns`), so a member whose core is busy delays
/// nobody. Between jobs workers spin for a while, because waking a thread costs more than a small matmul, and then
/// sleep. Only one thread may call `run`.
package final class ThreadTeam {
    /// The function that runs for each part: arguments, part, part count, and the index of the member that runs it.
    package typealias Job = @convention(c) (UnsafeRawPointer, Int, Int, Int) -> Void

    /// Number of members, including the calling thread.
    package let count: Int
    private let barrier: Barrier
    private var workers: [pthread_t] = []
    private let isPinned: Bool

    /// - Parameter isPinned: whether each member is bound to one processor, the calling thread to the first.
    /// - Throws: if the system cannot start a thread. A smaller team would be slower than requested.
    package init(count: Int, isPinned: Bool = false) throws(ThreadRefusal) {
        self.count = max(1, count)
        self.isPinned = isPinned
        barrier = Barrier(memberCount: self.count)
        for member in 1..<self.count {
            guard let thread = Worker(barrier: barrier, member: member, isPinned: isPinned).start() else {
                throw ThreadRefusal(started: member, of: self.count)
            }
            workers.append(thread)
        }
        // After starting the workers, which inherit the affinity of this thread.
        if isPinned { Processors.bindCurrentThread(to: 0) }
    }

    deinit {
        barrier.stop()
        for worker in workers { pthread_join(worker, nil) }
        if isPinned { Processors.releaseCurrentThread() }
    }

    /// Runs `job` once for each of `parts` parts and returns when all are done.
    ///
    /// - Parameters:
    ///   - next: for each member, the address that it reads after this job, if known.
    ///   - arguments: valid until `run` returns.
    package func run(
        parts: Int, next: UnsafePointer<UnsafeRawPointer?>? = nil, _ job: Job, _ arguments: UnsafeRawPointer
    ) {
        guard count > 1, parts > 1 else {
            for part in 0..<parts { job(arguments, part, parts, 0) }
            return
        }
        barrier.open(job, arguments, parts: parts, next: next)
        barrier.takeParts(member: 0)
        barrier.close()
    }
}
