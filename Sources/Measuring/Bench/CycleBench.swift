import Decoding
import Models
import Tensors

/// Measures the variants of cycles, kept, refreshed, metered and verified, against vanilla in the same rounds. Verified cycles accept
/// forced shares of their drafts.
package struct CycleBench: Sendable {
    package struct Cost: Sendable {
        package let name: String
        /// Decoded tokens per trunk pass.
        package fileprivate(set) var tokensPerCycle = 0.0
        /// Bytes per token of the roofline, from the passes that were run.
        package fileprivate(set) var bytesPerToken = 0.0
        /// Vanilla's bytes per token over the plan's.
        package fileprivate(set) var limitOfSpeedup = 0.0
        /// Tokens per second.
        package fileprivate(set) var speed = Samples()
        /// Speed over that of vanilla in the same round.
        package fileprivate(set) var speedup = Samples()

        /// Speedup over its limit.
        package var efficiency: Double { limitOfSpeedup > 0 ? speedup.median / limitOfSpeedup : 0 }
    }

    private struct Entrant {
        let name: String
        let plan: any DecodePlan
        var acceptance = 0.0
        var isMetered = false
    }

    /// Vanilla's tokens per second.
    package private(set) var plain = Samples()
    package private(set) var costs: [Cost]

    /// - Parameters:
    ///   - factors: from 2 to 16.
    ///   - acceptances: probabilities that a draft becomes a token, each from 0 to 1.
    /// - Throws: `BenchError`, `PlanError`, `SessionError`, or `CancellationError`.
    package init(
        of stack: LayerStack, factors: [Int], acceptances: [Double], options: SpeedBench.Options,
        sessionOptions: SessionOptions, isCancelled: @escaping @Sendable () -> Bool
    ) throws {
        let run = try BenchRun(stack, options: options, sessionOptions: sessionOptions, isCancelled: isCancelled)
        let roofline = ByteRoofline(stack, kvFormat: sessionOptions.kvFormat)
        let depth = options.positionsSeen(in: sessionOptions)
        let vanillaBytes = roofline.bytesPerToken(factor: nil, depth: depth)
        let entrants = try factors.flatMap { try Self.entrants(factor: $0, acceptances) }
        costs = entrants.map { Cost(name: $0.name) }
        _ = try run.decode(.vanilla)
        for round in 0..<options.repeats {
            var speeds = [Double](repeating: 0, count: entrants.count + 1)
            // Each round begins with another entrant; the last is vanilla.
            for index in speeds.indices {
                let number = (index + round) % speeds.count
                guard number < entrants.count else {
                    speeds[number] = try run.decode(.vanilla).tokensPerSecond
                    continue
                }
                let entrant = entrants[number]
                let (speed, passes) = try run.decode(
                    entrant.plan, acceptance: entrant.acceptance, isMetered: entrant.isMetered)
                speeds[number] = speed
                costs[number].tokensPerCycle = Double(options.decodeTokens) / Double(max(1, passes.trunkPasses))
                costs[number].bytesPerToken = roofline.bytesPerToken(
                    passes, drafting: nil, tokenCount: options.decodeTokens, depth: depth)
                costs[number].limitOfSpeedup = vanillaBytes / costs[number].bytesPerToken
            }
            plain.append(speeds[entrants.count])
            for number in entrants.indices {
                costs[number].speed.append(speeds[number])
                costs[number].speedup.append(speeds[number] / speeds[entrants.count])
            }
        }
    }

    private static func entrants(factor: Int, _ acceptances: [Double]) throws(PlanError) -> [Entrant] {
        let refreshed = try MultiTokenPlan(factor: factor, rule: .refreshed)
        let verified = try VerifiedPlan(factor: factor)
        return [
            Entrant(name: "mtd \(factor), kept", plan: try MultiTokenPlan(factor: factor)),
            Entrant(name: "mtd \(factor), refreshed", plan: refreshed),
            Entrant(name: "mtd \(factor), metered", plan: refreshed, isMetered: true),
        ]
            + acceptances.map { share in
                Entrant(
                    name: "\(verified.name), \(Int((100 * share).rounded())) % accepted", plan: verified,
                    acceptance: share)
            }
    }
}
