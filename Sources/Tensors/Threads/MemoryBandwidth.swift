import CKernels

/// How many bytes a second the threads of a team read from memory together.
package final class MemoryBandwidth {
    private let team: ThreadTeam
    private let memory: AlignedBuffer<UInt8>
    private let sums: AlignedBuffer<UInt64>

    /// - Parameter byteCount: of all threads together; far more than the caches hold.
    /// - Throws: where the system refuses a thread.
    package init(threadCount: Int, pinsThreads: Bool = false, byteCount: Int = 512 << 20)
        throws(ThreadRefusal)
    {
        team = try ThreadTeam(count: threadCount, isPinned: pinsThreads)
        memory = AlignedBuffer(unfilledCount: byteCount)
        sums = AlignedBuffer(count: 8 * team.count)
        // Untouched pages would all be one page of zeros.
        memory.pointer.update(repeating: 1, count: byteCount)
    }

    /// The fastest of a few readings of all the memory, in either of the ways in which matmuls read (`FetchTrial`): others on
    /// the machine can only slow one down.
    package func measure() -> Double {
        let seconds = (0..<2 * Self.readings).map { read(asksAhead: $0 % 2 == 0) }.min() ?? 0
        return Double(memory.count) / seconds
    }

    private static let readings = 4

    private func read(asksAhead: Bool) -> Double {
        var job = ReadJob(memory: memory.pointer, count: memory.count, asksAhead: asksAhead, sums: sums.pointer)
        let parts = 8 * team.count
        let start = ContinuousClock.now
        team.run(parts: parts, { ReadJob.run($0, $1, $2, member: $3) }, &job)
        return (ContinuousClock.now - start).seconds
    }
}

private struct ReadJob: BitwiseCopyable {
    let memory: UnsafePointer<UInt8>
    let count: Int
    let asksAhead: Bool
    let sums: UnsafeMutablePointer<UInt64>

    static func run(_ pointer: UnsafeRawPointer, _ part: Int, _ parts: Int, member: Int) {
        let job = pointer.assumingMemoryBound(to: ReadJob.self).pointee
        let share = Compute.share(job.count, part, parts)
        job.sums[8 * member] ^= volley_read(
            job.memory + share.lowerBound, share.count, job.asksAhead)
    }
}
