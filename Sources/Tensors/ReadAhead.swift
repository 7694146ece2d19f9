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

/// What a session reads after what, as it went the last time: a guess, and if it is wrong, it costs time alone.
package final class ReadingOrder {
    /// Where each member's share of some weights begins.
    package typealias Beginnings = AlignedBuffer<UnsafeRawPointer?>
    private var last: UnsafeRawPointer?
    private var following: [UnsafeRawPointer: (weights: UnsafeRawPointer, beginnings: Beginnings)] = [:]

    package init() {}

    /// Notes that `weights` are read now.
    ///
    /// - Parameter beginnings: theirs; asked for only when they follow others than before.
    /// - Returns: those of what followed `weights` the last time.
    package func read(
        _ weights: UnsafeRawPointer, beginnings: () -> Beginnings
    ) -> UnsafePointer<UnsafeRawPointer?>? {
        if let last, following[last]?.weights != weights { following[last] = (weights, beginnings()) }
        last = weights
        return following[weights].map { UnsafePointer($0.beginnings.pointer) }
    }
}
