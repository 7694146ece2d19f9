import Models

/// Which of a checkpoint's factors decodes fastest on this machine, found by timing passes: never slower than vanilla.
package struct FactorCalibration: Sendable {
    /// Seconds that a token takes, by factor, as its passes say.
    package let secondsPerToken: [Int: Double]
    package let vanillaSecondsPerToken: Double

    /// A factor that gains less than this is not worth its price in quality, nor sure to gain anything.
    private static let leastSpeedup = 1.03
    private static let rounds = 3

    /// Times a trunk pass over as many tokens as each factor's cycle holds, a head pass and an `lm_head`, in turns.
    ///
    /// - Throws: `SessionError.threadRefused`.
    package init(_ stack: LayerStack, options: SessionOptions) throws(SessionError) {
        let factors = stack.configuration.trainedFactors
        let timer = try PassTimer(stack, sessionOptions: options)
        var trunk: [Int: [Double]] = [:]
        var token: [Double] = []
        for _ in 0..<Self.rounds where !factors.isEmpty {
            for rows in [1] + factors { trunk[rows, default: []].append(timer.secondsOfPass(stack.trunk, rows: rows)) }
            token.append(timer.secondsOfPass(stack.head, rows: 1) + timer.secondsOfLogits())
        }
        func median(_ values: [Double]?) -> Double { values.map { $0.sorted()[$0.count / 2] } ?? 0 }
        let tokenSeconds = token.isEmpty ? 0 : median(token)
        vanillaSecondsPerToken = median(trunk[1]) + tokenSeconds
        secondsPerToken = Dictionary(
            uniqueKeysWithValues: factors.map { ($0, median(trunk[$0]) / Double($0) + tokenSeconds) })
    }

    package init(vanillaSecondsPerToken: Double, secondsPerToken: [Int: Double]) {
        self.vanillaSecondsPerToken = vanillaSecondsPerToken
        self.secondsPerToken = secondsPerToken
    }

    /// The fastest factor, whether or not it is worth taking.
    private var best: (factor: Int, speedup: Double)? {
        secondsPerToken.min { ($0.value, $0.key) < ($1.value, $1.key) }
            .map { ($0.key, vanillaSecondsPerToken / max($0.value, .leastNormalMagnitude)) }
    }

    /// The fastest factor where it beats vanilla, else vanilla.
    package var choice: PlanRequest {
        guard let best, best.speedup >= Self.leastSpeedup else { return .vanilla }
        return .multiToken(best.factor)
    }

    /// What was chosen and why, in one sentence.
    package var reason: String {
        guard let best else { return "decoding with --mtd off: the model was trained for no factor" }
        let speedup = (100 * best.speedup).rounded() / 100
        guard !choice.isVanilla else {
            return "decoding with --mtd off: the best factor, \(best.factor), would run \(speedup) times as fast here"
        }
        return
            "decoding with --mtd \(best.factor): by passes timed on this machine \(speedup) times as fast as --mtd off"
    }
}

extension ModelConfiguration {
    /// The factors that the checkpoint was trained for: in prompt phase all up to its own.
    var trainedFactors: [Int] {
        guard let trainedFactor, canRunCycles, MultiTokenPlan.factors.contains(trainedFactor), trainedFactor > 1 else {
            return []
        }
        return phase == .absolute ? [trainedFactor] : Array(2...trainedFactor)
    }
}
