import Models

/// Times passes to find the factor that decodes fastest on this machine. It never chooses one that is slower than vanilla.
package struct FactorCalibration: Sendable {
    /// Seconds per token by factor, computed from the times of its passes.
    package let secondsPerToken: [Int: Double]
    package let vanillaSecondsPerToken: Double
    /// The plan if no factor is fast enough: lossless decoding of vanilla's text, or factor 1 for a model that was not trained for
    /// vanilla decoding.
    private let fallback: PlanRequest

    /// A smaller speedup is within the noise of the measurement, and not worth the loss in quality.
    private static let leastSpeedup = 1.03
    private static let rounds = 3

    /// Times trunk passes of each factor's number of rows, a head pass and `lm_head`, interleaved.
    ///
    /// - Parameter rule: the cycle rule of the factors.
    /// - Throws: `SessionError.threadRefused`.
    package init(_ stack: LayerStack, rule: CycleRule, options: SessionOptions) throws(SessionError) {
        let factors = stack.configuration.trainedFactors(rule)
        let timer = try PassTimer(stack, sessionOptions: options)
        var trunk: [Int: [Double]] = [:]
        var token: [Double] = []
        for _ in 0..<Self.rounds where !factors.isEmpty {
            for rows in Set([1] + factors.map(rule.trunkRows)).sorted() {
                trunk[rows, default: []].append(timer.secondsOfPass(stack.trunk, rows: rows))
            }
            token.append(timer.secondsOfPass(stack.head, rows: 1) + timer.secondsOfLogits())
        }
        func median(_ values: [Double]?) -> Double { values.map { $0.sorted()[$0.count / 2] } ?? 0 }
        let tokenSeconds = token.isEmpty ? 0 : median(token)
        vanillaSecondsPerToken = median(trunk[1]) + tokenSeconds
        secondsPerToken = Dictionary(
            uniqueKeysWithValues: factors.map {
                ($0, median(trunk[rule.trunkRows(ofFactor: $0)]) / Double($0) + tokenSeconds)
            })
        let configuration = stack.configuration
        let lacksVanilla = configuration.trainedFactor != nil && !configuration.wasFedTrunkAlone
        fallback = lacksVanilla && configuration.canRunCycles ? .multiToken(1) : .fastestLossless
    }

    package init(
        vanillaSecondsPerToken: Double, secondsPerToken: [Int: Double], fallback: PlanRequest = .fastestLossless
    ) {
        self.vanillaSecondsPerToken = vanillaSecondsPerToken
        self.secondsPerToken = secondsPerToken
        self.fallback = fallback
    }

    /// The fastest factor, even if it gains too little.
    private var best: (factor: Int, speedup: Double)? {
        secondsPerToken.min { ($0.value, $0.key) < ($1.value, $1.key) }
            .map { ($0.key, vanillaSecondsPerToken / max($0.value, .leastNormalMagnitude)) }
    }

    /// The fastest factor if it beats vanilla, else the fallback.
    package var choice: PlanRequest { worthwhile.map { .multiToken($0.factor) } ?? fallback }

    private var worthwhile: (factor: Int, speedup: Double)? {
        best.flatMap { $0.speedup >= Self.leastSpeedup ? $0 : nil }
    }

    /// The choice and its reason, in one sentence.
    package var reason: String {
        let instead =
            fallback.description == PlanRequest.fastestLossless.description
            ? "decoding with --plan auto, which keeps vanilla's text" : "decoding with --mtd 1"
        guard let best else { return "\(instead): the model was trained for no factor above 1" }
        let speedup = (100 * best.speedup).rounded() / 100
        guard worthwhile != nil else {
            return "\(instead): the best factor, \(best.factor), would run \(speedup) times as fast as vanilla here"
        }
        return
            "decoding with --mtd \(best.factor): by passes timed on this machine \(speedup) times as fast as --mtd off"
    }
}

extension CycleRule {
    /// The rows of a trunk pass in a cycle of `factor` tokens.
    func trunkRows(ofFactor factor: Int) -> Int { history == .shadow ? 1 : factor }
}

extension ModelConfiguration {
    /// The factors above 1 that the checkpoint was trained for: in prompt phase, all up to its own. None with a head of its own for
    /// cycles, where lossless decoding is to be had.
    func trainedFactors(_ rule: CycleRule) -> [Int] {
        guard let trainedFactor, canRunCycles, !hasCycleHead, MultiTokenPlan.factors.contains(trainedFactor),
            trainedFactor > 1
        else {
            return []
        }
        return rule.phase == .absolute ? [trainedFactor] : Array(2...trainedFactor)
    }
}
