import CKernels

/// Measures the bytes per second that the threads of a team read from memory together.
package final class MemoryBandwidth {
    private let team: ThreadTeam
    private let memory: AlignedBuffer<UInt8>
    private let sums: AlignedBuffer<UInt64>

    /// - Parameter byteCount: bytes for all threads together, far more than the caches hold.
    /// - Throws: if the system cannot start a thread.
    package init(threadCount: Int, pinsThreads: Bool = false, byteCount: Int = 512 << 20)
        throws(ThreadRefusal)
    {
        team = try ThreadTeam(count: threadCount, isPinned: pinsThreads)
        memory = AlignedBuffer(unfilledCount: byteCount)
        sums = AlignedBuffer(count: 8 * team.count)
        // Untouched pages would all map to one zero page.
        memory.pointer.update(repeating: 1, count: byteCount)
    }

    /// The fastest of several readings of all the memory, with and without software prefetch, as matmuls read. The
    /// fastest, because other processes can only slow a reading down.
    package func measure() -> Double {
        let seconds = (0..<2 * Self.readings).map { read(prefetches: $0 % 2 == 0) }.min() ?? 0
        return Double(memory.count) / seconds
    }

    private static let readings = 4

    private func read(prefetches: Bool) -> Double {
        var job = ReadJob(memory: memory.pointer, count: memory.count, prefetches: prefetches, sums: sums.pointer)
        let parts = 8 * team.count
        let start = ContinuousClock.now
        team.run(parts: parts, { ReadJob.run($0, $1, $2, member: $3) }, &job)
        return (ContinuousClock.now - start).seconds
    }
}

private struct ReadJob: BitwiseCopyable {
    let memory: UnsafePointer<UInt8>
    let count: Int
    let prefetches: Bool
    let sums: UnsafeMutablePointer<UInt64>

    static func run(_ pointer: UnsafeRawPointer, _ part: Int, _ parts: Int, member: Int) {
        let job = pointer.assumingMemoryBound(to: ReadJob.self).pointee
        let share = Compute.share(job.count, part, parts)
        job.sums[8 * member] ^= volley_read(
            job.memory + share.lowerBound, share.count, job.prefetches)
    }
}
