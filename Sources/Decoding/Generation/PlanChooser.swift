#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Chooses among plans that give the same text, by the speeds measured so far.
///
/// Each plan is tried for a few cycles. Then the fastest one runs, and the others now and then, as texts change. What a plan did long
/// ago counts less.
package struct PlanChooser: Sendable {
    /// The tokens and times of one plan's cycles.
    package struct Record: Sendable {
        package let plan: any DecodePlan
        /// All tokens and seconds of its cycles.
        package fileprivate(set) var tokenCount = 0
        package fileprivate(set) var seconds = 0.0
        /// The same, but for what long ago cycles did.
        fileprivate var recentTokens = 0.0
        fileprivate var recentSeconds = 0.0
        fileprivate var cycleCount = 0
        /// The last cycle that the plan ran, among all plans' cycles.
        fileprivate var lastCycle = 0

        fileprivate var speed: Double { recentSeconds > 0 ? recentTokens / recentSeconds : 0 }
    }

    /// Cycles by which each plan is tried first.
    private static let trialCount = 3
    /// A plan that runs is followed by another one, once, after this many cycles.
    private static let retryInterval = 48
    /// Plans slower than this share of the fastest are not tried again.
    private static let hopelessShare = 0.6
    /// The weight of a cycle in the recent speed, one cycle later, whichever plan that one runs.
    private static let decay = 0.95

    package private(set) var records: [Record]
    private var current = 0
    private var cycleCount = 0
    private var nextRetry = 0

    /// - Parameter plans: at least one; the first is plain decoding.
    package init(_ plans: [any DecodePlan]) { records = plans.map { Record(plan: $0) } }

    /// The plan of the next cycle.
    package mutating func choose() -> any DecodePlan {
        cycleCount += 1
        let fastest = records.indices.max { records[$0].speed < records[$1].speed } ?? 0
        if let untried = records.indices.first(where: { records[$0].cycleCount < Self.trialCount }) {
            current = untried
        } else if cycleCount.isMultiple(of: Self.retryInterval) {
            nextRetry = (nextRetry + 1) % records.count
            let isHopeless = records[nextRetry].speed < Self.hopelessShare * records[fastest].speed
            current = isHopeless ? fastest : nextRetry
        } else {
            current = fastest
        }
        return records[current].plan
    }

    /// Notes what the chosen plan's cycle took.
    package mutating func note(tokenCount: Int, seconds: Double) {
        records[current].cycleCount += 1
        records[current].tokenCount += tokenCount
        records[current].seconds += seconds
        let memory = pow(Self.decay, Double(cycleCount - records[current].lastCycle))
        records[current].recentTokens = memory * records[current].recentTokens + Double(tokenCount)
        records[current].recentSeconds = memory * records[current].recentSeconds + seconds
        records[current].lastCycle = cycleCount
    }

    /// Speed over all cycles, relative to that of plain decoding's own; nil before both are known.
    package var speedup: Double? {
        let (tokens, seconds) = records.reduce((0, 0.0)) { ($0.0 + $1.tokenCount, $0.1 + $1.seconds) }
        guard let plain = records.first, plain.seconds > 0, plain.tokenCount > 0, seconds > 0 else { return nil }
        return Double(tokens) / seconds / (Double(plain.tokenCount) / plain.seconds)
    }
}
