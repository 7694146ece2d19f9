import Foundation
import Measuring
import Volley

/// Evaluations side by side, for a person and for a program.
struct EvaluationReport {
    private let evaluations: [Evaluation]

    init(_ evaluations: [Evaluation]) { self.evaluations = evaluations }

    private var names: [String] { evaluations.first?.results.map(\.name) ?? [] }
    private var vanilla: Int? { names.firstIndex(of: "off") }

    private func total(_ plan: Int) -> Proportion {
        evaluations.reduce(Proportion()) { $0 + $1.results[plan].correct }
    }

    private func speed(_ plan: Int) -> Double? {
        let tokens = evaluations.reduce(0) { $0 + $1.results[plan].decodeTokens }
        let seconds = evaluations.reduce(0) { $0 + $1.results[plan].decodeSeconds }
        return seconds > 0 ? Double(tokens) / seconds : nil
    }

    /// Share of vanilla's right answers that a plan keeps.
    private func retained(_ plan: Int) -> Double? {
        guard let vanilla, let base = total(vanilla).share, base > 0 else { return nil }
        return total(plan).share.map { $0 / base }
    }

    /// Tables that line up.
    var text: String { tables.map { TextTable(header: $0[0], rows: Array($0[1...])).text }.joined(separator: "\n") }

    /// Tables in Markdown.
    var markdown: String {
        tables.map { MarkdownTable(header: $0[0], rows: Array($0[1...])).text }.joined(separator: "\n")
    }

    /// Accuracy and speed, losses, and places in the cycle where there are any; the first row of each is its heading.
    private var tables: [[[String]]] {
        let header = names.map { $0 == "off" ? "off" : "mtd \($0)" }
        let losses = evaluations.map { [$0.task.name] + $0.results.map { Self.shown($0.loss, "%.3f", 1) } }
        let places = placeRows.isEmpty ? [] : [[["place in cycle", "agrees", "loss", "vanilla's"]] + placeRows]
        return [[["right answers, % (95 %)"] + header] + answerRows, [["loss on the reference"] + header] + losses]
            + places
    }

    private var answerRows: [[String]] {
        let tasks = evaluations.filter { $0.results.contains { $0.correct.count > 0 } }
        return tasks.map { [$0.task.name] + $0.results.map { Self.percent($0.correct) } } + [
            ["all"] + names.indices.map { Self.percent(total($0)) },
            ["kept of vanilla"] + names.indices.map { Self.shown(retained($0), "%.1f %%", 100) },
            ["tokens/s"] + names.indices.map { Self.shown(speed($0), "%.0f", 1) },
            ["speedup"]
                + names.indices.map { plan in
                    Self.shown(vanilla.flatMap(speed).flatMap { base in speed(plan).map { $0 / base } }, "%.2f×", 1)
                },
        ]
    }

    /// One point for each plan that has a speedup and vanilla's answers to be held against.
    var plot: EvaluationPlot {
        EvaluationPlot(
            points: names.indices.compactMap { plan in
                guard let kept = retained(plan), let base = vanilla.flatMap(speed), let speed = speed(plan) else {
                    return nil
                }
                return EvaluationPlot.Point(
                    name: names[plan] == "off" ? "off" : "mtd \(names[plan])", speedup: speed / base, kept: kept)
            })
    }

    /// One row for each factor and place.
    private var placeRows: [[String]] {
        names.indices.flatMap { plan -> [[String]] in
            places(plan).compactMap { place, quality in
                guard let place, quality.agreement.count > 0 else { return nil }
                let count = Double(quality.agreement.count)
                return [
                    "mtd \(names[plan]), \(place)", Self.shown(quality.agreement.share, "%.1f %%", 100),
                    Self.shown(quality.lossSum / count, "%.3f", 1),
                    Self.shown(quality.vanillaLossSum / count, "%.3f", 1),
                ]
            }
        }
    }

    private func places(_ plan: Int) -> [(place: Int?, quality: Evaluation.PlaceQuality)] {
        var sums: [Int?: Evaluation.PlaceQuality] = [:]
        for evaluation in evaluations { sums.merge(evaluation.results[plan].places, uniquingKeysWith: +) }
        return sums.sorted { ($0.key ?? -1) < ($1.key ?? -1) }.map { ($0.key, $0.value) }
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

extension EvaluationReport {
    private struct Document: Encodable {
        let tasks: [Task]
        let plans: [Plan]

        struct Task: Encodable {
            let task: String
            let items: Int
            let plans: [PlanOnTask]
        }

        struct PlanOnTask: Encodable {
            let mtd: String
            let correct: Int
            let count: Int
            let loss: Double?
            let answers: [String]
        }

        struct Plan: Encodable {
            let mtd: String
            let correct: Int
            let count: Int
            let low: Double
            let high: Double
            let retained: Double?
            let tokensPerSecond: Double?
            let places: [Place]
        }

        struct Place: Encodable {
            let place: Int?
            let tokens: Int
            let agreement: Double?
            let loss: Double
            let vanillaLoss: Double
        }
    }

    func json() throws -> String {
        let tasks = evaluations.map { evaluation in
            Document.Task(
                task: evaluation.task.name, items: evaluation.task.items.count,
                plans: evaluation.results.map {
                    Document.PlanOnTask(
                        mtd: $0.name, correct: $0.correct.successCount, count: $0.correct.count, loss: $0.loss,
                        answers: $0.answers)
                })
        }
        let plans = names.indices.map { plan in
            let total = total(plan)
            return Document.Plan(
                mtd: names[plan], correct: total.successCount, count: total.count, low: total.interval.lowerBound,
                high: total.interval.upperBound, retained: retained(plan), tokensPerSecond: speed(plan),
                places: places(plan).map { place, quality in
                    let count = Double(max(1, quality.agreement.count))
                    return Document.Place(
                        place: place, tokens: quality.agreement.count, agreement: quality.agreement.share,
                        loss: quality.lossSum / count, vanillaLoss: quality.vanillaLossSum / count)
                })
        }
        return try Document(tasks: tasks, plans: plans).jsonDocument()
    }
}
