/// What queries see of a ring's entries, besides their own.
package struct AttentionMask: BitwiseCopyable {
    /// The first entry in the window of each of the pass's rows, ascending: [row].
    let windowStarts: UnsafePointer<Int>
    /// First entries that every query sees, whatever its window.
    let sinks: Int

    package init(windowStarts: UnsafePointer<Int>, sinks: Int) {
        (self.windowStarts, self.sinks) = (windowStarts, sinks)
    }
}
