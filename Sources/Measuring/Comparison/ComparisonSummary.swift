import Decoding
import Foundation
import Models
import Tensors

/// Comparisons on several prompts taken together.
package struct ComparisonSummary: Sendable {
    /// One for each plan, in their order.
    package let plans: [Plan]

    package struct Plan: Sendable {
        package let plan: PlanLabel
        /// Tokens a second over all answers; nil where none had two tokens.
        package let speed: Double?
        /// Over vanilla; nil without vanilla.
        package let speedup: Double?
        /// Over vanilla, were bytes all that counts: the mean of the answers that have a limit.
        package let limitOfSpeedup: Double?
        /// Of the byte limit, the share that is reached: the mean of the answers that have a limit.
        package let efficiency: Double?
        /// Answers that are vanilla's, token by token, of how many; nil for vanilla, and without it.
        package let sameAnswers: Proportion?
        /// Equal tokens, each answer counting alike; nil for vanilla, and without it.
        package let equalShare: Double?
        /// Of all texts under vanilla, e to the mean loss of their tokens.
        package let perplexity: Double
    }

    /// - Precondition: all comparisons have the same plans.
    package init(_ comparisons: [Comparison]) {
        let labels = comparisons.first?.answers.map(\.plan) ?? []
        let answers = labels.indices.map { plan in comparisons.map { $0.answers[plan] } }
        let speeds = answers.map(Self.speed)
        let vanilla = labels.firstIndex(where: \.isVanilla).flatMap { speeds[$0] }
        plans = labels.indices.map { plan in
            let differences = answers[plan].compactMap(\.difference)
            return Plan(
                plan: labels[plan], speed: speeds[plan],
                speedup: vanilla.flatMap { base in speeds[plan].map { $0 / base } },
                limitOfSpeedup: Self.mean(answers[plan].compactMap(\.limitOfSpeedup)),
                efficiency: Self.mean(answers[plan].filter { $0.limitOfSpeedup != nil }.map(\.efficiency.median)),
                sameAnswers: differences.isEmpty
                    ? nil : differences.reduce(into: Proportion()) { $0.add($1.isNone) },
                equalShare: Self.mean(differences.map(\.equalShare)), perplexity: Self.perplexity(answers[plan]))
        }
    }

    /// All tokens over all seconds, each answer at its median speed.
    private static func speed(_ answers: [Comparison.Answer]) -> Double? {
        let timed = answers.filter { $0.speed.median > 0 }
        let seconds = timed.reduce(0) { $0 + Double($1.tokens.count - 1) / $1.speed.median }
        return seconds > 0 ? Double(timed.reduce(0) { $0 + $1.tokens.count - 1 }) / seconds : nil
    }

    private static func perplexity(_ answers: [Comparison.Answer]) -> Double {
        let count = answers.reduce(0) { $0 + $1.tokens.count }
        let loss = answers.reduce(0) { $0 + log($1.perplexity) * Double($1.tokens.count) }
        return count == 0 ? 1 : exp(loss / Double(count))
    }

    private static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
}

/// What comparisons were made with.
package struct ComparisonSetting: Sendable {
    package let model: String
    /// Whose vanilla the model's plans are held against, where it is not its own.
    package let baseline: String?
    package let formats: [String]
    package let processor: String
    package let instructionSet: String
    package let threads: Int
    package let rounds: Int
    package let version: String
    /// Bytes of a trunk and a head pass.
    package let roofline: ByteRoofline
    /// Those of vanilla's model.
    package let vanillaRoofline: ByteRoofline

    package init(
        _ models: ComparedModels, kvFormat: KVFormat, processor: String, instructionSet: String, threads: Int,
        rounds: Int, version: String
    ) {
        model = models.model.name
        baseline = models.baseline?.name
        formats = models.model.stack.formats.map(\.rawValue)
        roofline = ByteRoofline(models.model.stack, kvFormat: kvFormat)
        vanillaRoofline = ByteRoofline(models.vanilla.stack, kvFormat: kvFormat)
        self.processor = processor
        self.instructionSet = instructionSet
        self.threads = threads
        self.rounds = rounds
        self.version = version
    }
}
