import Decoding
import Foundation

/// Comparisons as one HTML file that needs nothing else: texts coloured by place in the cycle, differences marked, speeds
/// against the byte limit, and the passes in the order in which they ran.
package struct ComparisonPage {
    package let html: String

    package init(_ comparisons: [Comparison], summary: ComparisonSummary, setting: ComparisonSetting) {
        let title = "\(setting.model): \(summary.plans.map { $0.plan.title }.joined(separator: ", "))"
        let factor = comparisons.flatMap(\.answers).flatMap(\.tokens).compactMap(\.cycleIndex).max().map { $0 + 1 } ?? 0
        let body =
            [Self.heading(setting, factor: factor)]
            + (comparisons.count > 1 ? [Self.section(of: summary, promptCount: comparisons.count)] : [])
            + comparisons.map { Self.section(of: $0, setting) } + [Self.footer(setting)]
        html = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title.escaped)</title>
            <style>\(ComparisonStyle.css)</style>
            </head>
            <body>
            <main>
            \(body.joined(separator: "\n"))
            </main>
            </body>
            </html>

            """
    }

    private static func heading(_ setting: ComparisonSetting, factor: Int) -> String {
        let places = (0..<factor).map { "<span class=\"p\($0 % ComparisonStyle.placeCount)\">\($0)</span>" }
        let legend = """
            <p class="legend">place in the cycle: \(places.joined(separator: " ")) — at 0 the trunk runs and then the head, \
            further on the head alone</p>
            """
        return """
            <header>
            <h1>\(setting.model.escaped)</h1>
            <p>\(setting.formats.joined(separator: ", ")) weights, \(setting.processor.escaped), \
            \(setting.threads) \(setting.threads == 1 ? "thread" : "threads"), \(setting.instructionSet) kernels</p>
            \(setting.baseline.map { "<p>Vanilla is \($0.escaped), the baseline.</p>" } ?? "")
            \(places.isEmpty ? "" : legend)
            </header>
            """
    }

    private static func footer(_ setting: ComparisonSetting) -> String {
        """
        <footer><p>Speeds are medians of \(setting.rounds) interleaved \(setting.rounds == 1 ? "round" : "rounds"). \
        The mark on a bar is the byte limit: vanilla’s speed times what a plan could gain were reading weights, keys and \
        values all that counts. Perplexity is that of a text under vanilla decoding. volley \(setting.version.escaped)</p></footer>
        """
    }

    // MARK: One prompt

    private static func section(of comparison: Comparison, _ setting: ComparisonSetting) -> String {
        let bars = comparison.answers.map { ($0.plan, $0.speed.median, $0.limitOfSpeedup, $0.speedup.median) }
        return """
            <section>
            <h2>\(comparison.prompt.escaped)</h2>
            \(speedBars(bars))
            <div class="answers">
            \(comparison.answers.map(card).joined(separator: "\n"))
            </div>
            \(table(ComparisonTable(comparison)))
            \(PassTimeline(comparison.answers, setting).figure)
            </section>
            """
    }

    private static func card(_ answer: Comparison.Answer) -> String {
        let parting = answer.difference?.first
        let words = answer.tokens.enumerated().map { place, token in
            let style = token.cycleIndex.map { "p\($0 % ComparisonStyle.placeCount)" } ?? "plain"
            let isParting = parting?.place == place
            return "<span class=\"\(style)\(isParting ? " parts" : "")\">\(token.text.escaped)</span>"
        }
        let verdict = answer.difference.map { difference in
            difference.first.map { $0.sentence.escaped } ?? "the same as vanilla, token by token"
        }
        return """
            <article>
            <h3>\(answer.plan.title.escaped)</h3>
            <p class="text">\(words.joined())</p>
            \(verdict.map { "<p class=\"note\">\($0)</p>" } ?? "")
            </article>
            """
    }

    // MARK: All prompts

    private static func section(of summary: ComparisonSummary, promptCount: Int) -> String {
        """
        <section>
        <h2>All \(promptCount) prompts</h2>
        \(speedBars(summary.plans.map { ($0.plan, $0.speed ?? 0, $0.limitOfSpeedup, $0.speedup ?? 0) }))
        \(table(ComparisonTable(summary, promptCount: promptCount)))
        </section>
        """
    }

    // MARK: Parts

    /// A bar for each plan's speed, with a mark at vanilla's speed times what bytes allow.
    private static func speedBars(
        _ plans: [(label: PlanLabel, speed: Double, limitOfSpeedup: Double?, speedup: Double)]
    ) -> String {
        let vanilla = plans.first(where: \.label.isVanilla)?.speed
        let limits = plans.map { plan in vanilla.flatMap { speed in plan.limitOfSpeedup.map { speed * $0 } } }
        let longest = max((plans.map(\.speed) + limits.compactMap { $0 }).max() ?? 0, .leastNormalMagnitude)
        let rows = zip(plans, limits).map { plan, limit in
            let isVanilla = plan.label.isVanilla
            let mark = limit.map { "<i style=\"left:\(percent($0 / longest))\" title=\"byte limit\"></i>" }
            let speedup = plan.speedup > 0 && !isVanilla ? String(format: ", %.2f×", plan.speedup) : ""
            return """
                <div class="bar"><span>\(plan.label.title.escaped)</span><div><b style="width:\(percent(plan.speed / longest))"></b>\
                \(isVanilla ? "" : mark ?? "")</div><span>\(String(format: "%.0f", plan.speed)) tokens/s\(speedup)</span></div>
                """
        }
        return "<div class=\"bars\">\n\(rows.joined(separator: "\n"))\n</div>"
    }

    private static func table(_ table: ComparisonTable) -> String {
        let head = table.header.map { "<th>\($0.escaped)</th>" }.joined()
        let body = table.rows.map { row in "<tr>" + row.map { "<td>\($0.escaped)</td>" }.joined() + "</tr>" }
        return """
            <div class="scroll"><table>
            <thead><tr>\(head)</tr></thead>
            <tbody>
            \(body.joined(separator: "\n"))
            </tbody>
            </table></div>
            """
    }

    private static func percent(_ share: Double) -> String { String(format: "%.2f%%", 100 * min(max(share, 0), 1)) }
}

extension String {
    /// As text between tags, or in a quoted attribute.
    var escaped: String {
        replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
