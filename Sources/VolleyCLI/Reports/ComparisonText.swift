import Foundation
import Measuring
import Volley

/// A comparison as text: the prompt, the answers in columns, a table, and where answers diverge.
struct ComparisonText {
    let text: String

    init(_ comparison: Comparison, width: Int) {
        let columns = comparison.answers.map { ["── " + $0.plan.title, $0.text] }
        text =
            TextColumns([["> " + comparison.prompt]], width: width).text + TextColumns(columns, width: width).text
            + "\n"
            + Self.table(ComparisonTable(comparison)) + Self.drafts(of: comparison)
            + Self.divergences(of: comparison) + Self.doubts(about: comparison)
    }

    /// A table for all prompts together.
    static func table(of summary: ComparisonSummary, promptCount: Int) -> String {
        table(ComparisonTable(summary, promptCount: promptCount))
    }

    private static func table(_ table: ComparisonTable) -> String {
        TextTable(header: table.header, rows: table.rows).text
    }

    private static func drafts(of comparison: Comparison) -> String {
        comparison.answers.filter { $0.drafts.draftedTotal > 0 }.map { answer in
            let places = answer.drafts.acceptance.map { String(format: "%.0f", 100 * $0) }.joined(separator: " ")
            return
                "\(answer.plan.title): \(answer.drafts.acceptedTotal) of \(answer.drafts.draftedTotal) drafts accepted; "
                + "by place \(places) %\n"
        }.joined()
    }

    private static func divergences(of comparison: Comparison) -> String {
        comparison.answers.compactMap { answer in
            answer.difference?.first.map { "\(answer.plan.title) \($0.sentence)\n" }
        }.joined()
    }

    private static func doubts(about comparison: Comparison) -> String {
        let unsteady = comparison.answers.filter { !$0.speed.isSteady }.map { $0.plan.title }
        let spread =
            unsteady.isEmpty
            ? "" : "not reliable, speed spreads by more than 10 %: \(unsteady.joined(separator: ", "))\n"
        let isCached = comparison.answers.contains { $0.efficiency.median > 1 }
        return spread + (isCached ? "more than the limit: such weights stay in the processor's caches\n" : "")
    }
}
