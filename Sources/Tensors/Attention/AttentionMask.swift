/// The entries that queries see besides their own: those in their windows, and the sinks.
package struct AttentionMask: BitwiseCopyable {
    /// The first entry in each row's window, ascending: [row].
    let windowStarts: UnsafePointer<Int>
    /// Number of first entries that every query sees, whatever its window.
    let sinks: Int

    package init(windowStarts: UnsafePointer<Int>, sinks: Int) {
        (self.windowStarts, self.sinks) = (windowStarts, sinks)
    }
}
