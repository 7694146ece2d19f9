import CKernels

/// A prefetch trial for each format and row count that heeds the choice.
package struct PrefetchTrials {
    private var trials = [PrefetchTrial](
        repeating: PrefetchTrial(), count: Self.mostRows * Int(VOLLEY_FORMAT_COUNT.rawValue))

    private static let mostRows = Int(VOLLEY_PREFETCH_ROWS)
    /// Smaller matrices are not timed: they may be cached, and overhead dominates.
    private static let leastByteCount = 1 << 19

    package init() {}

    /// Runs a matmul with or without prefetch, and times it if a trial is on.
    mutating func run(_ weights: Linear, rowCount: Int, _ matmul: (_ prefetches: Bool) -> Void) {
        let format = weights.slices.pointer[0].format
        guard rowCount <= Self.mostRows, format.roundsActivations else { return matmul(true) }
        let index = Int(format.kernelFormat.rawValue) * Self.mostRows + rowCount - 1
        let prefetches = trials[index].prefetches
        guard weights.byteCount >= Self.leastByteCount else { return matmul(prefetches) }
        guard !trials[index].isOver else {
            trials[index].recordUntimed()
            return matmul(prefetches)
        }
        let start = ContinuousClock.now
        matmul(prefetches)
        trials[index].record(seconds: (ContinuousClock.now - start).seconds, byteCount: weights.byteCount)
    }
}
