import Decoding
import Models
import Tensors

/// Measures verified cycles with forced acceptance of drafts, against vanilla in the same rounds.
package struct VerifiedBench: Sendable {
    package struct Cost: Sendable {
        /// The plan's name.
        package let name: String
        /// The probability with which each draft becomes a token.
        package let acceptance: Double
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

    /// Vanilla's tokens per second.
    package private(set) var plain = Samples()
    package private(set) var costs: [Cost]

    /// - Parameters:
    ///   - plans: plans whose head drafts.
    ///   - acceptances: probabilities, each from 0 to 1.
    /// - Throws: `BenchError`, `SessionError`, or `CancellationError`.
    package init(
        of stack: LayerStack, plans: [VerifiedPlan], acceptances: [Double], options: SpeedBench.Options,
        sessionOptions: SessionOptions, isCancelled: @escaping @Sendable () -> Bool
    ) throws {
        let run = try BenchRun(stack, options: options, sessionOptions: sessionOptions, isCancelled: isCancelled)
        let roofline = ByteRoofline(stack, kvFormat: sessionOptions.kvFormat)
        let depth = options.positionsSeen(in: sessionOptions)
        let vanillaBytes = roofline.bytesPerToken(factor: nil, depth: depth)
        let entrants = plans.flatMap { plan in acceptances.map { (plan: plan, acceptance: $0) } }
        costs = entrants.map { Cost(name: $0.plan.name, acceptance: $0.acceptance) }
        _ = try run.decode(.vanilla, acceptance: 0)
        for round in 0..<options.repeats {
            var speeds = [Double](repeating: 0, count: entrants.count + 1)
            // Each round begins with another entrant; the last is vanilla.
            for index in speeds.indices {
                let number = (index + round) % speeds.count
                guard number < entrants.count else {
                    speeds[number] = try run.decode(.vanilla, acceptance: 0).tokensPerSecond
                    continue
                }
                let (speed, passes) = try run.decode(entrants[number].plan, acceptance: entrants[number].acceptance)
                speeds[number] = speed
                costs[number].tokensPerCycle = Double(options.decodeTokens) / Double(max(1, passes.trunkPasses))
                costs[number].bytesPerToken = roofline.bytesPerToken(
                    passes, drafting: .head, tokenCount: options.decodeTokens, depth: depth)
                costs[number].limitOfSpeedup = vanillaBytes / costs[number].bytesPerToken
            }
            plain.append(speeds[entrants.count])
            for number in entrants.indices {
                costs[number].speed.append(speeds[number])
                costs[number].speedup.append(speeds[number] / speeds[entrants.count])
            }
        }
    }
}
