import CKernels

/// Prefetches the start of a member's next weights while it waits for a job.
package struct ReadAhead: BitwiseCopyable {
    private var next: UnsafeRawPointer
    private let end: UnsafeRawPointer

    /// Small compared with an L2 cache, and more than is read between two matmuls.
    private static let byteCount = 128 << 10
    private static let lineByteCount = 64

    package init(from first: UnsafeRawPointer) {
        next = first
        end = first + Self.byteCount
    }

    /// Prefetches the next cache line. Returns false when none is left.
    package mutating func prefetchLine() -> Bool {
        guard next < end else { return false }
        volley_prefetch_line(next)
        next += Self.lineByteCount
        return true
    }
}
