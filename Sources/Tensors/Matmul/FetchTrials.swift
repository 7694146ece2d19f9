import CKernels

/// A trial for each format and number of rows in which the ways differ.
package struct FetchTrials {
    private var trials = [FetchTrial](repeating: FetchTrial(), count: Self.mostRows * Int(VOLLEY_FORMAT_COUNT.rawValue))

    private static let mostRows = Int(VOLLEY_FETCHING_ROWS)
    /// Smaller matrices say little, and may lie in a cache.
    private static let leastByteCount = 1 << 19

    package init() {}

    /// Runs a matmul that asks for weights ahead or does not.
    mutating func run(_ weights: Linear, rowCount: Int, _ matmul: (_ asksAhead: Bool) -> Void) {
        let format = weights.slices.pointer[0].format
        guard rowCount <= Self.mostRows, format.roundsActivations else { return matmul(true) }
        let index = Int(format.kernelFormat.rawValue) * Self.mostRows + rowCount - 1
        let asksAhead = trials[index].asksAhead
        guard weights.byteCount >= Self.leastByteCount else { return matmul(asksAhead) }
        guard !trials[index].isOver else {
            trials[index].noteUntimed()
            return matmul(asksAhead)
        }
        let start = ContinuousClock.now
        matmul(asksAhead)
        trials[index].note(seconds: (ContinuousClock.now - start).seconds, byteCount: weights.byteCount)
    }
}
