import CKernels

/// Which way of coming by weights is the faster here: asking for them long before they are needed, or leaving that to the
/// processor. Matmuls try both while they decode; neither way changes a bit.
package struct FetchTrial {
    private var times: (asking: [Double], leaving: [Double]) = ([], [])
    private var count = 0
    private var verdict: Bool?

    /// Measurements of each way: a few tokens' matmuls. Their median does not mind a thread that was taken away.
    package static let length = 128

    package init() {}

    /// Whether all is measured, and the next matmul need not be timed.
    package var isOver: Bool { verdict != nil }

    /// Whether the next matmul asks. Until the trial is over multiples of the golden ratio say so, which give each kind of a
    /// layer's matrices its share of both ways, however many kinds there are.
    package var asksAhead: Bool { verdict ?? ((UInt64(count) &* 0x9e37_79b9_7f4a_7c15) >> 63 == 0) }

    /// Notes what a matmul took that did as `asksAhead` said.
    package mutating func note(seconds: Double, byteCount: Int) {
        let time = seconds / Double(byteCount)
        if asksAhead { times.asking.append(time) } else { times.leaving.append(time) }
        count += 1
        guard count == 2 * Self.length else { return }
        verdict = Self.median(times.asking) <= Self.median(times.leaving)
        times = ([], [])
    }

    private static func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }
}

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
        guard !trials[index].isOver, weights.byteCount >= Self.leastByteCount else { return matmul(asksAhead) }
        let start = ContinuousClock.now
        matmul(asksAhead)
        trials[index].note(seconds: (ContinuousClock.now - start).seconds, byteCount: weights.byteCount)
    }
}
