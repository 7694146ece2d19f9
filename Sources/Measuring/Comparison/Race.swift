import Decoding
import Tensors
import Tokens

/// A race of several plans that answer one prompt. The plan that has used the least time takes the next step, so that each is
/// always as far as it would be if it had the machine to itself.
package final class Race {
    /// The progress of one plan.
    package struct Lane: Sendable {
        package let plan: PlanLabel
        package fileprivate(set) var tokens: [GeneratedToken] = []
        /// Seconds since the first token.
        package fileprivate(set) var seconds = 0.0
        package fileprivate(set) var isDone = false
    }

    package private(set) var lanes: [Lane]
    private let generators: [Generator]

    /// Prepares every plan's generation. `step` runs the race.
    ///
    /// - Parameter isCancelled: called before each pass.
    /// - Throws: `GenerationError` or `SessionError`.
    package init(
        of models: ComparedModels, on prompt: String, plans: [any DecodePlan],
        options: SessionOptions, maximumTokens: Int, isCancelled: @escaping @Sendable () -> Bool
    ) throws {
        let examiner = try Examiner(models, options: options, maximumTokens: maximumTokens)
        let ids = try examiner.prompt([ChatMessage(role: "user", content: prompt)])
        lanes = plans.map { Lane(plan: PlanLabel($0)) }
        generators = try plans.map { plan in
            let generator = Generator(models.model(for: plan), options: options)
            try generator.begin(
                ids, plan: plan, options: GenerationOptions(maximumTokens: maximumTokens), isCancelled: isCancelled)
            return generator
        }
    }

    /// Computes one token of the plan that has used the least time.
    ///
    /// - Returns: false when all plans have finished.
    /// - Throws: `SamplingError`, or `CancellationError`.
    package func step() throws -> Bool {
        guard
            let number = lanes.indices.filter({ !lanes[$0].isDone }).min(by: { lanes[$0].seconds < lanes[$1].seconds })
        else { return false }
        let start = ContinuousClock.now
        if let token = try generators[number].step() {
            if !lanes[number].tokens.isEmpty { lanes[number].seconds += (ContinuousClock.now - start).seconds }
            lanes[number].tokens.append(token)
        }
        if generators[number].finishReason == .cancelled { throw CancellationError() }
        lanes[number].isDone = generators[number].finishReason != nil
        return true
    }
}
