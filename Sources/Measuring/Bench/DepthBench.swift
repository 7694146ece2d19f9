import Decoding
import Models
import Tensors

/// Measures what skipping layers gains: decoding with gates forced to given rates, against decoding without routers in the same
/// rounds.
package struct DepthBench: Sendable {
    package struct Cost: Sendable {
        /// The number of routed layers that every token skips.
        package let skipped: Int
        /// The number of layers that a token runs.
        package let layersUsed: Int
        package let bytesPerToken: Double
        /// The share of bytes saved, compared with decoding without routers.
        package let predictedSaving: Double
        /// Tokens per second.
        package fileprivate(set) var speed = Samples()
        /// The share of time saved, compared with decoding without routers in the same round.
        package fileprivate(set) var saving = Samples()

        /// Saved time over saved bytes; nil if no bytes are saved.
        package var kept: Double? { predictedSaving > 0 ? saving.median / predictedSaving : nil }
    }

    /// The number of layers with routers, which are the last ones.
    package let routed: Int
    /// Tokens per second without routers.
    package private(set) var plain = Samples()
    package private(set) var costs: [Cost]

    /// - Parameters:
    ///   - rates: shares of the routed layers that every token skips, each from 0 to 1.
    ///   - routed: the number of last layers with routers; nil for half of the layers, as in the authors' release.
    /// - Throws: `BenchError`, `SessionError`, `SamplingError`, or `CancellationError`.
    package init(
        of stack: LayerStack, rates: [Double], routed: Int? = nil, options: SpeedBench.Options,
        sessionOptions: SessionOptions, isCancelled: @escaping @Sendable () -> Bool
    ) throws {
        let layerCount = stack.layers.count
        let routed = min(max(routed ?? layerCount / 2, 1), layerCount)
        let depth = options.positionsSeen(in: sessionOptions)
        let counts = rates.map { Int((Double(routed) * min(max($0, 0), 1)).rounded()) }
        let stacks = counts.map { stack.forcingGates(routed: routed, skipping: $0) }
        func run(_ stack: LayerStack) throws -> BenchRun {
            try BenchRun(stack, options: options, sessionOptions: sessionOptions, isCancelled: isCancelled)
        }
        let (plainRun, runs) = (try run(stack), try stacks.map(run))
        func bytes(_ stack: LayerStack, _ choice: LayerChoice) -> Double {
            // A forced gate is the same for every token.
            let shares = stack.layers.map { $0.routing?.skipsAll == true ? 0.0 : 1 }
            return stack.bytesPerToken(choice, shares: shares, depth: depth, kvFormat: sessionOptions.kvFormat)
        }
        let plainBytes = bytes(stack, .all)
        self.routed = routed
        costs = zip(counts, stacks).map { count, stack in
            let bytes = bytes(stack, .routed)
            return Cost(
                skipped: count, layersUsed: layerCount - count, bytesPerToken: bytes,
                predictedSaving: 1 - bytes / plainBytes)
        }
        for run in runs { _ = try run.checkedTokens(.flexiDepth) }
        let entrants: [(run: BenchRun, plan: any DecodePlan)] =
            [(plainRun, .vanilla)] + runs.map { ($0, .flexiDepth) }
        for round in 0..<options.repeats {
            var speeds = [Double](repeating: 0, count: entrants.count)
            // Each round begins with another entrant.
            for index in entrants.indices {
                let number = (index + round) % entrants.count
                speeds[number] = try entrants[number].run.answer(entrants[number].plan).tokensPerSecond
            }
            plain.append(speeds[0])
            for number in costs.indices {
                costs[number].speed.append(speeds[number + 1])
                costs[number].saving.append(1 - speeds[0] / speeds[number + 1])
            }
        }
    }
}
