import Models

/// Which of a checkpoint's factors decodes fastest on this machine, found by timing passes: never slower than vanilla.
package struct FactorCalibration: Sendable {
    /// Seconds that a token takes, by factor, as its passes say.
    package let secondsPerToken: [Int: Double]
    package let vanillaSecondsPerToken: Double
    /// The fallback where no factor gains enough: vanilla, or factor 1 for a model that has no vanilla.
    private let fallback: PlanRequest

    /// A factor that gains less than this is not worth its price in quality, nor sure to gain anything.
    private static let leastSpeedup = 1.03
    private static let rounds = 3

    /// Times a trunk pass over as many tokens as each factor's cycle brings it, a head pass and an `lm_head`, in turns.
    ///
    /// - Parameter rule: by which the factors are decoded.
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
        fallback = lacksVanilla && configuration.canRunCycles ? .multiToken(1) : .vanilla
    }

    package init(
        vanillaSecondsPerToken: Double, secondsPerToken: [Int: Double], fallback: PlanRequest = .vanilla
    ) {
        self.vanillaSecondsPerToken = vanillaSecondsPerToken
        self.secondsPerToken = secondsPerToken
        self.fallback = fallback
    }

    /// The fastest factor, whether or not it is worth taking.
    private var best: (factor: Int, speedup: Double)? {
        secondsPerToken.min { ($0.value, $0.key) < ($1.value, $1.key) }
            .map { ($0.key, vanillaSecondsPerToken / max($0.value, .leastNormalMagnitude)) }
    }

    /// The fastest factor where it beats vanilla, else vanilla, or factor 1 where the model has none.
    package var choice: PlanRequest { worthwhile.map { .multiToken($0.factor) } ?? fallback }

    private var worthwhile: (factor: Int, speedup: Double)? {
        best.flatMap { $0.speedup >= Self.leastSpeedup ? $0 : nil }
    }

    /// What was chosen and why, in one sentence.
    package var reason: String {
        let instead = "decoding with --mtd \(fallback.isVanilla ? "off" : "1")"
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
    /// Tokens that a cycle of `factor` brings the trunk.
    func trunkRows(ofFactor factor: Int) -> Int { history == .shadow ? 1 : factor }
}

extension ModelConfiguration {
    /// The factors that the checkpoint was trained for: in prompt phase all up to its own.
    func trainedFactors(_ rule: CycleRule) -> [Int] {
        guard let trainedFactor, canRunCycles, MultiTokenPlan.factors.contains(trainedFactor), trainedFactor > 1 else {
            return []
        }
        return rule.phase == .absolute ? [trainedFactor] : Array(2...trainedFactor)
    }
}
