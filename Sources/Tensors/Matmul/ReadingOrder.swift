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
