import Decoding
import Foundation

/// The summary of comparisons on several prompts.
package struct ComparisonSummary: Sendable {
    /// One summary per plan, in the plans' order.
    package let plans: [Plan]

    package struct Plan: Sendable {
        package let plan: PlanLabel
        /// Tokens per second over all answers; nil if none had two tokens.
        package let speed: Double?
        /// Speed over that of vanilla; nil without vanilla.
        package let speedup: Double?
        /// The plan's roofline over that of vanilla: the mean of the answers with a roofline.
        package let limitOfSpeedup: Double?
        /// Speed over the roofline: the mean of the answers with a roofline.
        package let efficiency: Double?
        /// The proportion of answers equal to vanilla's, token by token; nil for vanilla, and without vanilla.
        package let sameAnswers: Proportion?
        /// The share of tokens equal to vanilla's, averaged over answers; nil for vanilla, and without vanilla.
        package let equalShare: Double?
        /// The perplexity of all texts under vanilla: e to the mean loss of their tokens.
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

    /// All tokens over all seconds, with each answer at its median speed.
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
