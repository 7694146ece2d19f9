import CKernels

/// Where each member's share of the next weights begins, for members who wait: they bring them into their caches, while
/// others do the small work between two matmuls.
struct ReadAhead: BitwiseCopyable {
    private var next: UnsafeRawPointer
    private let end: UnsafeRawPointer

    /// Small beside a second cache, and more than is read in the time between two matmuls.
    private static let byteCount = 128 << 10
    private static let lineByteCount = 64

    init(from first: UnsafeRawPointer) {
        next = first
        end = first + Self.byteCount
    }

    /// Asks for another line; false when all were asked for.
    mutating func fetchLine() -> Bool {
        guard next < end else { return false }
        volley_fetch(next)
        next += Self.lineByteCount
        return true
    }
}

/// What a session reads after what, as it went the last time: a guess, and if it is wrong, it costs time alone.
final class ReadingOrder {
    private typealias Key = UnsafePointer<Linear.Slice>
    private var last: Key?
    private var following: [Key: (key: Key, beginnings: AlignedBuffer<UnsafeRawPointer?>)] = [:]

    /// Notes that `weights` are read now.
    ///
    /// - Parameter beginnings: where members' shares of `weights` begin; asked only when they follow others than before.
    /// - Returns: those of what followed `weights` the last time.
    func read(
        _ weights: Linear, beginnings: () -> AlignedBuffer<UnsafeRawPointer?>
    ) -> UnsafePointer<UnsafeRawPointer?>? {
        let key = Key(weights.slices.pointer)
        if let last, following[last]?.key != key { following[last] = (key, beginnings()) }
        last = key
        return following[key].map { UnsafePointer($0.beginnings.pointer) }
    }
}
