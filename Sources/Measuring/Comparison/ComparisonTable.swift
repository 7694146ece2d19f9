import Decoding
import Foundation

/// Comparisons as a table with one row per plan.
package struct ComparisonTable {
    package let header: [String]
    package let rows: [[String]]

    /// A table for one prompt.
    package init(_ comparison: Comparison) {
        header = ["", "tokens/s", "speedup", "limit", "of limit", "passes", "first", "same", "agrees", "perplexity"]
        rows = comparison.answers.map { answer in
            [
                answer.plan.title, Self.shown(answer.speed, "%.0f"), Self.shown(answer.speedup, "%.2f×"),
                Self.shown(answer.limitOfSpeedup, "%.2f×"), Self.shown(answer.efficiency, "%.0f %%", 100),
                "\(answer.passes.trunkPasses)+\(answer.passes.headPasses)",
                Self.shown(answer.firstTokenSeconds, "%.1f ms", 1000),
                Self.shown(answer.difference?.equalShare, "%.0f %%", 100),
                Self.shown(answer.agreement, "%.0f %%", 100),
                Self.shown(answer.perplexity, "%.2f"),
            ]
        }
    }

    /// A table for all prompts together.
    package init(_ summary: ComparisonSummary, promptCount: Int) {
        header = [
            "\(promptCount) prompts", "tokens/s", "speedup", "limit", "of limit", "same answers", "same tokens",
            "perplexity",
        ]
        rows = summary.plans.map { plan in
            [
                plan.plan.title, Self.shown(plan.speed, "%.0f"), Self.shown(plan.speedup, "%.2f×"),
                Self.shown(plan.limitOfSpeedup, "%.2f×"), Self.shown(plan.efficiency, "%.0f %%", 100),
                plan.sameAnswers.map { "\($0.successCount) of \($0.count)" } ?? "–",
                Self.shown(plan.equalShare, "%.0f %%", 100), Self.shown(plan.perplexity, "%.2f"),
            ]
        }
    }

    private static func shown(_ samples: Samples, _ format: String, _ scale: Double = 1) -> String {
        shown(samples.values.isEmpty ? nil : samples.median, format, scale)
    }

    private static func shown(_ value: Double?, _ format: String, _ scale: Double = 1) -> String {
        value.map { String(format: format, scale * $0) } ?? "–"
    }
}
