import Foundation
import Volley

/// A comparison for a terminal: the prompt, the answers in columns, a table, and where answers part.
struct ComparisonText {
    let text: String

    init(_ comparison: Comparison, width: Int) {
        let columns = comparison.answers.map { ["── " + Self.title($0.name), $0.text] }
        text =
            TextColumns([["> " + comparison.prompt]], width: width).text + TextColumns(columns, width: width).text
            + "\n"
            + Self.table(of: comparison) + Self.partings(of: comparison) + Self.doubts(about: comparison)
    }

    static func title(_ name: String) -> String { name == "off" ? "vanilla" : "mtd \(name)" }

    private static func table(of comparison: Comparison) -> String {
        TextTable(
            header: [
                "", "tokens/s", "speedup", "limit", "of limit", "passes", "first", "same", "perplexity",
            ],
            rows: comparison.answers.map { answer in
                [
                    title(answer.name), shown(answer.speed, "%.0f"), shown(answer.speedup, "%.2f×"),
                    String(format: "%.2f×", answer.limitOfSpeedup), shown(answer.efficiency, "%.0f %%", 100),
                    "\(answer.passes.trunkPasses)+\(answer.passes.headPasses)",
                    shown(answer.firstTokenSeconds, "%.1f ms", 1000),
                    answer.difference.map { String(format: "%.0f %%", 100 * $0.equalShare) } ?? "–",
                    String(format: "%.2f", answer.perplexity),
                ]
            }
        ).text
    }

    /// All prompts together.
    static func table(of summary: ComparisonSummary, promptCount: Int) -> String {
        TextTable(
            header: [
                "\(promptCount) prompts", "tokens/s", "speedup", "limit", "of limit", "same answers", "same tokens",
                "perplexity",
            ],
            rows: summary.plans.map { plan in
                [
                    title(plan.name), plan.speed.map { String(format: "%.0f", $0) } ?? "–",
                    plan.speedup.map { String(format: "%.2f×", $0) } ?? "–",
                    String(format: "%.2f×", plan.limitOfSpeedup), String(format: "%.0f %%", 100 * plan.efficiency),
                    plan.sameAnswers.map { "\($0.successCount) of \($0.count)" } ?? "–",
                    plan.equalShare.map { String(format: "%.0f %%", 100 * $0) } ?? "–",
                    String(format: "%.2f", plan.perplexity),
                ]
            }
        ).text
    }

    private static func partings(of comparison: Comparison) -> String {
        comparison.answers.compactMap { answer in
            answer.difference?.first.map { "\(title(answer.name)) \($0.sentence)\n" }
        }.joined()
    }

    private static func doubts(about comparison: Comparison) -> String {
        let unsteady = comparison.answers.filter { !$0.speed.isSteady }.map { title($0.name) }
        let spread =
            unsteady.isEmpty
            ? "" : "speeds that spread by more than 10 % say little: \(unsteady.joined(separator: ", "))\n"
        let isCached = comparison.answers.contains { $0.efficiency.median > 1 }
        return spread + (isCached ? "more than the limit: such weights stay in the processor's caches\n" : "")
    }

    private static func shown(_ samples: Samples, _ format: String, _ scale: Double = 1) -> String {
        samples.values.isEmpty ? "–" : String(format: format, scale * samples.median)
    }
}
