import Foundation
import Measuring
import Volley

/// Evaluations as tables and as JSON.
struct EvaluationReport {
    let evaluations: [Evaluation]
    /// The model that runs vanilla, if it is another one.
    let baseline: String?

    init(_ evaluations: [Evaluation], baseline: String?) {
        self.evaluations = evaluations
        self.baseline = baseline
    }

    var plans: [PlanLabel] { evaluations.first?.results.map(\.plan) ?? [] }
    private var vanilla: Int? { plans.firstIndex(where: \.isVanilla) }

    func total(_ plan: Int) -> Proportion {
        evaluations.reduce(Proportion()) { $0 + $1.results[plan].correct }
    }

    func speed(_ plan: Int) -> Double? {
        let tokens = evaluations.reduce(0) { $0 + $1.results[plan].decodeTokens }
        let seconds = evaluations.reduce(0) { $0 + $1.results[plan].decodeSeconds }
        return seconds > 0 ? Double(tokens) / seconds : nil
    }

    /// Decoded tokens per trunk pass; nil if there were none.
    func tokensPerTrunkPass(_ plan: Int) -> Double? {
        let tokens = evaluations.reduce(0) { $0 + $1.results[plan].decodeTokens }
        let passes = evaluations.reduce(0) { $0 + $1.results[plan].passes.trunkPasses }
        return passes > 0 ? Double(tokens) / Double(passes) : nil
    }

    /// Drafts over all answers.
    func drafts(_ plan: Int) -> DraftCounts {
        evaluations.reduce(into: DraftCounts()) { $0 += $1.results[plan].drafts }
    }

    /// The share of vanilla's right answers that a plan keeps.
    func retained(_ plan: Int) -> Double? {
        vanilla.flatMap { Self.retained(total(plan), of: total($0)) }
    }

    /// The share of vanilla's right answers on one task that a plan keeps.
    func retained(_ plan: Int, on evaluation: Evaluation) -> Double? {
        vanilla.flatMap { Self.retained(evaluation.results[plan].correct, of: evaluation.results[$0].correct) }
    }

    private static func retained(_ found: Proportion, of vanilla: Proportion) -> Double? {
        guard let base = vanilla.share, base > 0 else { return nil }
        return found.share.map { $0 / base }
    }

    /// Layers per token over all answers; nil if the plan skips none.
    func depth(_ plan: Int) -> DepthSummary? {
        let used = evaluations.compactMap { $0.results[plan].layersUsed }.flatMap { $0 }
        return used.isEmpty ? nil : DepthSummary(used)
    }

    /// Plain tables.
    var text: String {
        tables.map { TextTable(header: $0[0], rows: Array($0[1...])).text }.joined(separator: "\n") + note
    }

    /// Markdown tables.
    var markdown: String {
        tables.map { MarkdownTable(header: $0[0], rows: Array($0[1...])).text }.joined(separator: "\n") + note
    }

    private var note: String { baseline.map { "\noff is \($0), the baseline\n" } ?? "" }

    /// Tables of accuracy and speed, of layers per task if plans skip layers, of losses, and of cycle indices if there are any.
    /// The first row of each is its heading.
    private var tables: [[[String]]] {
        let header = plans.map(Self.title)
        let losses = evaluations.map { [$0.task.name] + $0.results.map { Self.shown($0.loss, "%.3f", 1) } }
        let cycleIndices = cycleRows.isEmpty ? [] : [[["cycle index", "agrees", "loss", "vanilla's"]] + cycleRows]
        let answers = [["right answers, % (95 %)"] + header] + answerRows
        return [answers] + depthTables(header) + [[["loss on the reference"] + header] + losses] + cycleIndices
            + draftTables
    }

    /// Tasks with right and wrong answers.
    private var judged: [Evaluation] { evaluations.filter { $0.results.contains { $0.correct.count > 0 } } }

    /// The shares kept on each task, and its layers per token; empty if no plan skips layers.
    private func depthTables(_ header: [String]) -> [[[String]]] {
        guard let layerCount = evaluations.first?.layerCount, plans.indices.contains(where: { depth($0) != nil }) else {
            return []
        }
        let kept = judged.map { task in
            [task.task.name] + plans.indices.map { Self.shown(retained($0, on: task), "%.1f %%", 100) }
        }
        let layers =
            evaluations.map { [$0.task.name] + $0.results.map { Self.shown($0.depth) } } + [
                ["all"] + plans.indices.map { Self.shown(depth($0)) }
            ]
        return [
            [["kept of vanilla, by task"] + header] + kept,
            [["layers a token of \(layerCount) (variance)"] + header] + layers,
        ]
    }

    /// The shares of drafts that were accepted, by place; empty if no plan drafts.
    private var draftTables: [[[String]]] {
        let drafting = plans.indices.filter { drafts($0).draftedTotal > 0 }
        let most = drafting.map { drafts($0).drafted.count }.max() ?? 0
        guard most > 0 else { return [] }
        let rows = (0..<most).map { place in
            ["\(place + 1)"]
                + drafting.map { plan in
                    let shares = drafts(plan).acceptance
                    return Self.shown(shares.indices.contains(place) ? shares[place] : nil, "%.1f %%", 100)
                }
        }
        return [[["drafts accepted, by place"] + drafting.map { Self.title(plans[$0]) }] + rows]
    }

    private var answerRows: [[String]] {
        judged.map { [$0.task.name] + $0.results.map { Self.percent($0.correct) } } + [
            ["all"] + plans.indices.map { Self.percent(total($0)) },
            ["kept of vanilla"] + plans.indices.map { Self.shown(retained($0), "%.1f %%", 100) },
            ["tokens a trunk pass"] + plans.indices.map { Self.shown(tokensPerTrunkPass($0), "%.2f", 1) },
            ["tokens/s"] + plans.indices.map { Self.shown(speed($0), "%.0f", 1) },
            ["speedup"]
                + plans.indices.map { plan in
                    Self.shown(vanilla.flatMap(speed).flatMap { base in speed(plan).map { $0 / base } }, "%.2f×", 1)
                },
        ]
    }

    /// One point for each plan with a speedup and a share of vanilla's right answers.
    var plot: EvaluationPlot {
        EvaluationPlot(
            points: plans.indices.compactMap { plan in
                guard let kept = retained(plan), let base = vanilla.flatMap(speed), let speed = speed(plan) else {
                    return nil
                }
                return EvaluationPlot.Point(name: Self.title(plans[plan]), gain: speed / base, kept: kept)
            }, axis: "speedup over vanilla", unit: "×")
    }

    /// One point for each plan with a share of vanilla's right answers, by tokens per trunk pass.
    var frontier: EvaluationPlot {
        EvaluationPlot(
            points: plans.indices.compactMap { plan in
                guard let kept = retained(plan), let tokens = tokensPerTrunkPass(plan) else { return nil }
                return EvaluationPlot.Point(name: Self.title(plans[plan]), gain: tokens, kept: kept)
            }, axis: "tokens a trunk pass", unit: "")
    }

    /// One row for each plan and cycle index.
    private var cycleRows: [[String]] {
        plans.indices.flatMap { plan -> [[String]] in
            places(plan).compactMap { cycleIndex, quality in
                guard let cycleIndex, quality.agreement.count > 0 else { return nil }
                let count = Double(quality.agreement.count)
                return [
                    "\(plans[plan].title), \(cycleIndex)", Self.shown(quality.agreement.share, "%.1f %%", 100),
                    Self.shown(quality.lossSum / count, "%.3f", 1),
                    Self.shown(quality.vanillaLossSum / count, "%.3f", 1),
                ]
            }
        }
    }

    func places(_ plan: Int) -> [(cycleIndex: Int?, quality: Evaluation.PlaceQuality)] {
        var sums: [Int?: Evaluation.PlaceQuality] = [:]
        for evaluation in evaluations { sums.merge(evaluation.results[plan].places, uniquingKeysWith: +) }
        return sums.sorted { ($0.key ?? -1) < ($1.key ?? -1) }.map { ($0.key, $0.value) }
    }

    private static func title(_ plan: PlanLabel) -> String { plan.isVanilla ? "off" : plan.title }

    private static func shown(_ depth: DepthSummary?) -> String {
        depth.map { String(format: "%.2f (%.2f)", $0.mean, $0.variance) } ?? "–"
    }

    private static func percent(_ proportion: Proportion) -> String {
        guard let share = proportion.share else { return "–" }
        let interval = proportion.interval
        return String(
            format: "%.1f (%.1f–%.1f)", 100 * share, 100 * interval.lowerBound, 100 * interval.upperBound)
    }

    private static func shown(_ value: Double?, _ format: String, _ scale: Double) -> String {
        value.map { String(format: format, scale * $0) } ?? "–"
    }
}
