/// Predicts which weights a session reads next: those that followed the last time. A wrong guess affects speed, never
/// results.
package final class ReadingOrder {
    /// For each member, the address where its share of some weights starts.
    package typealias Starts = AlignedBuffer<UnsafeRawPointer?>
    private var last: UnsafeRawPointer?
    private var following: [UnsafeRawPointer: (weights: UnsafeRawPointer, starts: Starts)] = [:]

    package init() {}

    /// Records that `weights` are read now.
    ///
    /// - Parameter starts: makes the starts of `weights`; called only if other weights preceded them the last time.
    /// - Returns: the starts of the weights that are expected next.
    package func read(
        _ weights: UnsafeRawPointer, starts: () -> Starts
    ) -> UnsafePointer<UnsafeRawPointer?>? {
        if let last, following[last]?.weights != weights { following[last] = (weights, starts()) }
        last = weights
        return following[weights].map { UnsafePointer($0.starts.pointer) }
    }
}
