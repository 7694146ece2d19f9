import Decoding
import Foundation

/// Comparisons as one HTML file without external resources: texts coloured by place in the cycle, differences marked, speeds
/// beside the byte limit, and the order of the passes.
package struct ComparisonPage {
    package let html: String

    package init(_ comparisons: [Comparison], summary: ComparisonSummary, setting: ComparisonSetting) {
        html = PageTemplates.render(Contents(comparisons, summary, setting), as: "comparison")
    }

    /// Colours in the page's style; places beyond them start again with the first.
    static let colourCount = 8
}

/// The properties that `comparison.mustache` and its parts name.
private struct Contents {
    let title: String
    let model: String
    let setting: String
    let baseline: String?
    let hasCycles: Bool
    let places: [Place]
    let summary: Summary?
    let comparisons: [Compared]
    let rounds: String
    let version: String

    struct Place {
        let place: Int
        let colour: Int
    }

    struct Summary {
        let promptCount: Int
        let bars: [SpeedBar]
        let header: [String]
        let rows: [[String]]
    }

    struct Compared {
        let prompt: String
        let bars: [SpeedBar]
        let answers: [Answer]
        let header: [String]
        let rows: [[String]]
        let timeline: PassTimeline?
    }

    struct Answer {
        let plan: String
        let tokens: [Token]
        let verdict: String?
    }

    struct Token {
        let style: String
        let text: String
    }
}

extension Contents {
    fileprivate init(_ comparisons: [Comparison], _ summary: ComparisonSummary, _ setting: ComparisonSetting) {
        let factor = comparisons.flatMap(\.answers).flatMap(\.tokens).compactMap(\.cycleIndex).max().map { $0 + 1 } ?? 0
        title = "\(setting.model): \(summary.plans.map { $0.plan.title }.joined(separator: ", "))"
        model = setting.model
        self.setting =
            "\(setting.formats.joined(separator: ", ")) weights, \(setting.processor), \(setting.threads) "
            + "\(setting.threads == 1 ? "thread" : "threads"), \(setting.instructionSet) kernels"
        baseline = setting.baseline
        hasCycles = factor > 0
        places = (0..<factor).map { Place(place: $0, colour: $0 % ComparisonPage.colourCount) }
        self.summary = comparisons.count > 1 ? Summary(summary, promptCount: comparisons.count) : nil
        self.comparisons = comparisons.map { Compared($0, setting) }
        rounds = "\(setting.rounds) interleaved \(setting.rounds == 1 ? "round" : "rounds")"
        version = setting.version
    }
}

extension Contents.Summary {
    fileprivate init(_ summary: ComparisonSummary, promptCount: Int) {
        self.promptCount = promptCount
        bars = SpeedBar.bars(summary.plans.map { ($0.plan, $0.speed ?? 0, $0.limitOfSpeedup, $0.speedup ?? 0) })
        let table = ComparisonTable(summary, promptCount: promptCount)
        (header, rows) = (table.header, table.rows)
    }
}

extension Contents.Compared {
    fileprivate init(_ comparison: Comparison, _ setting: ComparisonSetting) {
        prompt = comparison.prompt
        bars = SpeedBar.bars(
            comparison.answers.map { ($0.plan, $0.speed.median, $0.limitOfSpeedup, $0.speedup.median) })
        answers = comparison.answers.map(Contents.Answer.init)
        let table = ComparisonTable(comparison)
        (header, rows) = (table.header, table.rows)
        timeline = PassTimeline(comparison.answers, setting)
    }
}

extension Contents.Answer {
    fileprivate init(_ answer: Comparison.Answer) {
        let divergence = answer.difference?.first
        plan = answer.plan.title
        tokens = answer.tokens.enumerated().map { index, token in
            let style = token.cycleIndex.map { "p\($0 % ComparisonPage.colourCount)" } ?? "plain"
            return Contents.Token(style: divergence?.place == index ? style + " parts" : style, text: token.text)
        }
        verdict = answer.difference.map { $0.first?.sentence ?? "the same as vanilla, token by token" }
    }
}
