import CKernels

/// Which way of coming by weights is the faster here: asking for them long before they are needed, or leaving that to the
/// processor. Matmuls try both while they decode, again and again, as a shared machine's memory has its moods; neither way
/// changes a bit.
package struct FetchTrial {
    private var times: (asking: [Double], leaving: [Double]) = ([], [])
    /// Matmuls since this trial began.
    private var count = 0
    private var verdict = true

    /// Measurements of each way: a few tokens' matmuls. Their median does not mind a thread that was taken away.
    package static let length = 128
    /// Matmuls for which what was found holds, until the next trial: some seconds.
    package static let term = 32 * length

    package init() {}

    /// Whether all is measured, and the next matmul need not be timed.
    package var isOver: Bool { count >= 2 * Self.length }

    /// Whether the next matmul asks. Until the trial is over multiples of the golden ratio say so, which give each kind of a
    /// layer's matrices its share of both ways, however many kinds there are.
    package var asksAhead: Bool { isOver ? verdict : (UInt64(count) &* 0x9e37_79b9_7f4a_7c15) >> 63 == 0 }

    /// Notes what a matmul of a trial took that did as `asksAhead` said.
    package mutating func note(seconds: Double, byteCount: Int) {
        let time = seconds / Double(byteCount)
        if asksAhead { times.asking.append(time) } else { times.leaving.append(time) }
        count += 1
        guard isOver else { return }
        verdict = Self.median(times.asking) <= Self.median(times.leaving)
        times = ([], [])
    }

    /// Notes a matmul that did as the trial had found.
    package mutating func noteUntimed() {
        count += 1
        if count == 2 * Self.length + Self.term { count = 0 }
    }

    private static func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }
}
