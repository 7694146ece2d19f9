import Decoding
import Foundation
import Models
import Tokens

/// The search for the fastest plan that keeps enough of vanilla's quality.
package struct Tuning: Sendable {
    package let measure: Measure
    /// The model that runs vanilla, if it is another one.
    package let baseline: String?
    /// The required share of vanilla's quality.
    package let least: Double
    /// One candidate per plan, in the plans' order.
    package let candidates: [Candidate]

    /// How quality is measured.
    package enum Measure: Sendable {
        /// The share of right answers.
        case rightAnswers
        /// The share of most likely tokens that equal vanilla's, after vanilla's own text.
        case agreement

        package var name: String {
            switch self {
            case .rightAnswers: "right answers"
            case .agreement: "vanilla's tokens"
            }
        }
    }

    package struct Candidate: Sendable {
        package let plan: PlanLabel
        /// Tokens per second.
        package let speed: Double
        package fileprivate(set) var speedup: Double?
        package let quality: Proportion
        /// Quality over that of vanilla; nil if vanilla's is 0.
        package fileprivate(set) var kept: Double?
    }

    /// The questions that plans are tried on.
    package enum Questions: Sendable {
        /// Questions with right answers.
        case tasks([EvaluationTask])
        /// Questions without answers.
        case prompts([String])
    }

    /// The fastest plan that is faster than vanilla and good enough; vanilla if there is none.
    package var choice: Candidate? {
        let vanilla = candidates.first(where: \.plan.isVanilla)
        let good = candidates.filter { !$0.plan.isVanilla && ($0.kept ?? 0) >= least && ($0.speedup ?? 0) > 1 }
        return good.max { $0.speed < $1.speed } ?? vanilla
    }

    /// The choice and its reason, in one sentence.
    package var sentence: String {
        guard let choice else { return "nothing was measured" }
        let bound = String(format: "%.4g %%", 100 * least)
        guard !choice.plan.isVanilla, let kept = choice.kept, let speedup = choice.speedup else {
            let instead = baseline.map { "stay with \($0)" } ?? "decode with --mtd off"
            return "\(instead): no other plan is faster and keeps \(bound) of vanilla's \(measure.name)"
        }
        return String(
            format:
                "decode with %@: %.2f times as fast as %@, and keeps %.1f %% of its %@ (at least %@ asked for)",
            choice.plan.option, speedup, baseline.map { "vanilla \($0)" } ?? "vanilla", 100 * kept, measure.name, bound)
    }
}

extension Tuning {
    /// Tries every plan on every question, interleaved.
    ///
    /// - Parameters:
    ///   - plans: the plans to try, including vanilla.
    ///   - metric: replaces the items' own metric.
    ///   - pattern: replaces the items' own pattern.
    ///   - progress: receives the share of the work that is done.
    ///   - isCancelled: called before each question.
    /// - Throws: `GenerationError`, `SessionError`, `SamplingError`, or `CancellationError`.
    package init(
        of models: ComparedModels, on questions: Questions, plans: [any DecodePlan],
        least: Double, options: SessionOptions, maximumTokens: Int, metric: AnswerMetric? = nil,
        pattern: AnswerPattern? = nil, progress: (Double) -> Void, isCancelled: () -> Bool
    ) throws {
        self.least = least
        baseline = models.baseline?.name
        let tasks: [EvaluationTask]
        switch questions {
        case .tasks(let own): tasks = own
        case .prompts(let prompts):
            let examiner = try Examiner(models, options: options, maximumTokens: maximumTokens)
            tasks = [try examiner.task(answering: prompts, isCancelled: isCancelled)]
        }
        let total = Double(max(1, tasks.reduce(0) { $0 + $1.items.count }))
        var (evaluations, done) = ([Evaluation](), 0)
        for task in tasks {
            let evaluation = try Evaluation(
                of: models, on: task, plans: plans, options: options, maximumTokens: maximumTokens, metric: metric,
                pattern: pattern, progress: { progress(Double(done + $0) / total) }, isCancelled: isCancelled)
            if isCancelled() { throw CancellationError() }
            evaluations.append(evaluation)
            done += task.items.count
        }
        // Items with the metric `loss` have no right answers.
        let hasAnswers = evaluations.contains { $0.results.contains { $0.correct.count > 0 } }
        measure = if case .tasks = questions, hasAnswers { .rightAnswers } else { .agreement }
        candidates = Self.candidates(evaluations, measure)
    }

    private static func candidates(_ evaluations: [Evaluation], _ measure: Measure) -> [Candidate] {
        let plans = evaluations.first?.results.map(\.plan) ?? []
        var candidates = plans.indices.map { plan in
            let results = evaluations.map { $0.results[plan] }
            let seconds = results.reduce(0) { $0 + $1.decodeSeconds }
            let tokens = results.reduce(0) { $0 + $1.decodeTokens }
            return Candidate(
                plan: plans[plan], speed: seconds > 0 ? Double(tokens) / seconds : 0,
                quality: results.reduce(Proportion()) { $0 + $1.quality(measure) })
        }
        guard let vanilla = candidates.first(where: \.plan.isVanilla) else { return candidates }
        for number in candidates.indices {
            candidates[number].speedup = vanilla.speed > 0 ? candidates[number].speed / vanilla.speed : nil
            if let base = vanilla.quality.share, base > 0 {
                candidates[number].kept = candidates[number].quality.share.map { $0 / base }
            }
        }
        return candidates
    }
}

extension Tuning.Candidate {
    fileprivate init(plan: PlanLabel, speed: Double, quality: Proportion) {
        self.plan = plan
        self.speed = speed
        self.quality = quality
    }
}

extension Evaluation.PlanResult {
    fileprivate func quality(_ measure: Tuning.Measure) -> Proportion {
        switch measure {
        case .rightAnswers: correct
        case .agreement: places.values.reduce(Proportion()) { $0 + $1.agreement }
        }
    }
}

extension Examiner {
    /// A task of the prompts, with vanilla's answers as references.
    fileprivate func task(answering prompts: [String], isCancelled: () -> Bool) throws -> EvaluationTask {
        EvaluationTask(
            name: "prompts",
            items: try prompts.map { prompt in
                if isCancelled() { throw CancellationError() }
                let messages = [ChatMessage(role: "user", content: prompt)]
                let text = try answer(try self.prompt(messages), .vanilla).text
                return EvaluationTask.Item(messages: messages, answer: text, metric: .exact, pattern: nil)
            })
    }
}

extension Tuning {
    private struct Document: Encodable {
        let measure: String
        let baseline: String?
        let least: Double
        let choice: String?
        let sentence: String
        let candidates: [Entry]

        struct Entry: Encodable {
            let mtd: String
            let plan: String?
            let tokensPerSecond: Double
            let speedup: Double?
            let kept: Double?
            let successes: Int
            let count: Int
        }
    }

    /// The result as one JSON document.
    package func json() throws -> String {
        let document = Document(
            measure: measure.name, baseline: baseline, least: least, choice: choice?.plan.name, sentence: sentence,
            candidates: candidates.map {
                Document.Entry(
                    mtd: $0.plan.mtd, plan: $0.plan.ownName, tokensPerSecond: $0.speed, speedup: $0.speedup,
                    kept: $0.kept,
                    successes: $0.quality.successCount, count: $0.quality.count)
            })
        return try document.jsonDocument()
    }
}
