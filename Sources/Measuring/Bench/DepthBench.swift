import Decoding
import Models
import Tensors

/// What skipped layers gain: decoding with gates forced to given rates, beside the plain layers in the same rounds.
package struct DepthBench: Sendable {
    package struct Cost: Sendable {
        /// Of the routed layers, those that every token skips.
        package let skipped: Int
        /// Layers that a token runs.
        package let layersUsed: Int
        package let bytesPerToken: Double
        /// Of the bytes that plain layers read.
        package let predictedSaving: Double
        /// Tokens a second.
        package fileprivate(set) var speed = Samples()
        /// Of the time that plain layers took in the same round.
        package fileprivate(set) var saving = Samples()

        /// Share of the bytes' saving that time saved too; nil where bytes save nothing.
        package var kept: Double? { predictedSaving > 0 ? saving.median / predictedSaving : nil }
    }

    /// Layers with routers: the last ones.
    package let routed: Int
    /// Tokens a second of the plain layers, no router asked.
    package private(set) var plain = Samples()
    package private(set) var costs: [Cost]

    /// - Parameters:
    ///   - rates: of the routed layers, the share that every token skips, each from 0 to 1.
    ///   - routed: how many of the last layers have routers; nil is half of them, as the method's authors released.
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
        let turns: [(run: BenchRun, plan: any DecodePlan)] = [(plainRun, .vanilla)] + runs.map { ($0, .flexiDepth) }
        for round in 0..<options.repeats {
            var speeds = [Double](repeating: 0, count: turns.count)
            // They take turns in going first.
            for place in turns.indices {
                let number = (place + round) % turns.count
                speeds[number] = try turns[number].run.decode(turns[number].plan).tokensPerSecond
            }
            plain.append(speeds[0])
            for number in costs.indices {
                costs[number].speed.append(speeds[number + 1])
                costs[number].saving.append(1 - speeds[0] / speeds[number + 1])
            }
        }
    }
}
