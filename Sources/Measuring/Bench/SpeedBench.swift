import Decoding
import Models
import Tensors

/// Measures prefill speed, and decoding speed with several plans, interleaved.
package struct SpeedBench: Sendable {
    package struct Options: Sendable {
        /// Number of tokens of the timed prompt; 0 for none.
        package var promptTokens = 512
        /// Number of tokens that each plan decodes.
        package var decodeTokens = 128
        /// Number of tokens before the decoded ones.
        package var depth = 0
        /// Timed rounds.
        package var repeats = 5

        package init() {}

        /// The average number of positions that a decoded token sees.
        func positionsSeen(in session: SessionOptions) -> Double { session.positionsSeen(of: averagePosition) }

        /// The average position of the decoded tokens.
        var averagePosition: Double { Double(depth) + Double(decodeTokens) / 2 }
    }

    /// The decoding speed of one plan.
    package struct PlanSpeed: Sendable {
        /// The plan's name.
        package let name: String
        /// Tokens per second.
        package fileprivate(set) var speed = Samples()
        /// Speed over that of vanilla in the same round; empty without vanilla.
        package fileprivate(set) var speedup = Samples()
        /// Speed over the roofline in the same round.
        package fileprivate(set) var efficiency = Samples()
        /// Average bytes per token of the roofline.
        package let bytesPerToken: Double
        /// The plan's roofline over that of vanilla.
        package let limitOfSpeedup: Double
    }

    /// Bytes per second that all threads read together, measured before each decoding.
    package private(set) var bandwidth = Samples()
    /// Prompt tokens per second; empty if no prompt was timed.
    package private(set) var prompt = Samples()
    package private(set) var decoding: [PlanSpeed]

    /// - Parameters:
    ///   - progress: receives the share of the work that is done.
    ///   - isCancelled: called before each pass.
    /// - Throws: `BenchError`, `SessionError`, `ThreadRefusal`, `SamplingError`, or `CancellationError`.
    package init(
        of stack: LayerStack, plans: [any DecodePlan], options: Options,
        sessionOptions: SessionOptions, progress: (Double) -> Void, isCancelled: @escaping @Sendable () -> Bool
    ) throws {
        let run = try BenchRun(stack, options: options, sessionOptions: sessionOptions, isCancelled: isCancelled)
        let memory = try MemoryBandwidth(
            threadCount: sessionOptions.threadCount, pinsThreads: sessionOptions.pinsThreads)
        let roofline = ByteRoofline(stack, kvFormat: sessionOptions.kvFormat)
        func bytes(_ plan: any DecodePlan) -> Double {
            roofline.bytesPerToken(
                plan, position: options.averagePosition, promptCount: max(1, options.depth), options: sessionOptions)
        }
        decoding = plans.map { plan in
            PlanSpeed(name: plan.name, bytesPerToken: bytes(plan), limitOfSpeedup: bytes(.vanilla) / bytes(plan))
        }
        let steps = Double((1 + options.repeats) * (1 + plans.count))
        var done = 0.0
        func step() {
            done += 1
            progress(done / steps)
        }
        // One round to warm up, which also checks the tokens.
        let expected = try plans.map { plan in
            defer { step() }
            return try run.checkedTokens(plan)
        }
        if options.promptTokens > 0 { _ = try run.promptSpeed() }
        step()
        for round in 0..<options.repeats {
            if options.promptTokens > 0 { prompt.append(try run.promptSpeed()) }
            step()
            var speeds = [Double](repeating: 0, count: plans.count)
            var bandwidths = speeds
            // Each round begins with another plan.
            for index in plans.indices {
                let number = (index + round) % plans.count
                // Measured just before each plan: on a shared machine memory bandwidth changes within seconds.
                bandwidths[number] = memory.measure()
                bandwidth.append(bandwidths[number])
                let answer = try run.answer(plans[number])
                if let index = zip(answer.tokens, expected[number]).firstDifference {
                    throw BenchError.tokensDiffer(plan: plans[number].name, place: index)
                }
                speeds[number] = answer.tokensPerSecond
                step()
            }
            let vanilla = plans.firstIndex(where: \.isVanilla).map { speeds[$0] }
            for number in plans.indices {
                decoding[number].speed.append(speeds[number])
                if let vanilla { decoding[number].speedup.append(speeds[number] / vanilla) }
                decoding[number].efficiency.append(
                    speeds[number] * decoding[number].bytesPerToken / bandwidths[number])
            }
        }
    }
}

extension Sequence where Element == (Int, Int) {
    /// The index of the first unequal pair.
    fileprivate var firstDifference: Int? { enumerated().first { $0.element.0 != $0.element.1 }?.offset }
}
