import Decoding
import Models

/// Where a plan's decoding spends its time.
package struct DecodingProfile: Sendable {
    /// `off` or a factor.
    package let name: String
    /// Seconds by part, which together are the decoding's; `others` is sampling and all that is not a pass.
    package let parts: [(part: String, seconds: Double)]
    /// Seconds of attention, which are the trunk's and the head's too.
    package let attentionSeconds: Double
    /// Rows of `lm_head` computed exactly for each token; empty where it is not screened.
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
