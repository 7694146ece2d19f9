#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A fixed number of threads that do one job together, the caller among them.
///
/// A job is cut into parts, and whoever is free takes another (`PartRuns`): a member whose core is busy with something else
/// takes none, and nobody waits for it. Between jobs workers spin for a while, because a wake-up costs more than a small matmul,
/// then sleep. One job at a time: `run` is called by one thread.
package final class ThreadTeam {
    /// What is done for each part: arguments, which part, of how many, and the number of the member that does it.
    package typealias Job = @convention(c) (UnsafeRawPointer, Int, Int, Int) -> Void

    /// Members, the caller included.
    package let count: Int
    private let gate: Gate
    private var workers: [pthread_t] = []
    private let isPinned: Bool

    /// - Parameter isPinned: whether each member keeps to one processor, the calling thread to the first.
    /// - Throws: where the system refuses a thread: the others would do its parts, but slower than was asked for.
    package init(count: Int, isPinned: Bool = false) throws(ThreadRefusal) {
        self.count = max(1, count)
        self.isPinned = isPinned
        gate = Gate(memberCount: self.count)
        for member in 1..<self.count {
            guard let thread = Worker(gate: gate, member: member, isPinned: isPinned).start() else {
                throw ThreadRefusal(started: member, of: self.count)
            }
            workers.append(thread)
        }
        // After the workers, who would start where their maker is bound.
        if isPinned { Processors.bindCurrentThread(to: 0) }
    }

    deinit {
        gate.dismiss()
        for worker in workers { pthread_join(worker, nil) }
        if isPinned { Processors.releaseCurrentThread() }
    }

    /// Runs `job` once for each of `parts` parts and returns when all are done. `arguments` need only live that long.
    ///
    /// - Parameter next: for each member, what it will read after this job, if that is known.
    package func run(
        parts: Int, next: UnsafePointer<UnsafeRawPointer?>? = nil, _ job: Job, _ arguments: UnsafeRawPointer
    ) {
        guard count > 1, parts > 1 else {
            for part in 0..<parts { job(arguments, part, parts, 0) }
            return
        }
        gate.open(job, arguments, parts: parts, next: next)
        gate.takeParts(member: 0)
        gate.close()
    }
}
