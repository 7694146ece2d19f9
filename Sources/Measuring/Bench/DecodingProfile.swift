import Decoding
import Models

/// The time that decoding with a plan spends in each part.
package struct DecodingProfile: Sendable {
    /// The plan's name.
    package let name: String
    /// Seconds by part, which add up to the whole; `others` is sampling and everything else outside passes.
    package let parts: [(part: String, seconds: Double)]
    /// Seconds of attention, a part of those of trunk and head.
    package let attentionSeconds: Double
    /// The number of matrix rows of `lm_head` computed exactly for each token; empty without a screen.
    package let exactRows: [Int]

    /// - Throws: `BenchError`, `SessionError`, `SamplingError`, or `CancellationError`.
    package init(
        of stack: LayerStack, plan: any DecodePlan, options: SpeedBench.Options,
        sessionOptions: SessionOptions, isCancelled: @escaping @Sendable () -> Bool
    ) throws {
        let run = try BenchRun(stack, options: options, sessionOptions: sessionOptions, isCancelled: isCancelled)
        let profile = PassProfile()
        let total = try run.profiledSeconds(plan, profile)
        func seconds(of part: PassProfile.Part) -> Double { profile.seconds[part] ?? 0 }
        let passes = [PassProfile.Part.trunk, .head, .vocabularyHead].map { ($0.rawValue, seconds(of: $0)) }
        name = plan.name
        parts = passes + [("others", max(0, total - passes.reduce(0) { $0 + $1.1 }))]
        attentionSeconds = seconds(of: .attention)
        exactRows = profile.exactRows
    }
}
