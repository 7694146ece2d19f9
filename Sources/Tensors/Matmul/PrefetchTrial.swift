import CKernels

/// Chooses between software prefetch and none by timing matmuls of both kinds during decoding. Repeats, because
/// bandwidth on shared hosts drifts. The choice affects speed, never results.
package struct PrefetchTrial {
    private var times: (with: [Double], without: [Double]) = ([], [])
    /// Matmuls since the trial began.
    private var count = 0
    private var choice = true

    /// Measurements of each kind: the matmuls of a few tokens. The median ignores runs that lost a thread to other
    /// work.
    package static let length = 128
    /// Matmuls between two trials, in which the choice holds: some seconds.
    package static let term = 32 * length

    package init() {}

    /// Whether the choice is made and the next matmul need not be timed.
    package var isOver: Bool { count >= 2 * Self.length }

    /// Whether the next matmul prefetches. During a trial, multiples of the golden ratio decide: each matrix of a layer
    /// gets its share of both kinds, whatever the number of matrices.
    package var prefetches: Bool { isOver ? choice : (UInt64(count) &* 0x9e37_79b9_7f4a_7c15) >> 63 == 0 }

    /// Records the time of a matmul in a trial that did as `prefetches` said.
    package mutating func record(seconds: Double, byteCount: Int) {
        let time = seconds / Double(byteCount)
        if prefetches { times.with.append(time) } else { times.without.append(time) }
        count += 1
        guard isOver else { return }
        choice = Self.median(times.with) <= Self.median(times.without)
        times = ([], [])
    }

    /// Counts a matmul between two trials.
    package mutating func recordUntimed() {
        count += 1
        if count == 2 * Self.length + Self.term { count = 0 }
    }

    private static func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }
}
