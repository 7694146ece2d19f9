import CKernels

/// Where each member's share of the next weights begins, for members who wait: they bring them into their caches, while
/// others do the small work between two matmuls.
package struct ReadAhead: BitwiseCopyable {
    private var next: UnsafeRawPointer
    private let end: UnsafeRawPointer

    /// Small beside a second cache, and more than is read in the time between two matmuls.
    private static let byteCount = 128 << 10
    private static let lineByteCount = 64

    package init(from first: UnsafeRawPointer) {
        next = first
        end = first + Self.byteCount
    }

    /// Asks for another line; false when all were asked for.
    package mutating func fetchLine() -> Bool {
        guard next < end else { return false }
        volley_fetch(next)
        next += Self.lineByteCount
        return true
    }
}
