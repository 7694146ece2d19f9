import Decoding
import Models
import Tokens

/// The quality and speed of plans on a task.
package struct Evaluation: Sendable {
    package let task: EvaluationTask
    /// The model's number of layers.
    package let layerCount: Int
    /// One result per plan, in the plans' order.
    package private(set) var results: [PlanResult]

    /// The result of one plan.
    package struct PlanResult: Sendable {
        package let plan: PlanLabel
        package var correct = Proportion()
        /// Greedy answers, one per item; none for items with the metric `loss`.
        package var answers: [String] = []
        package var decodeTokens = 0
        package var decodeSeconds = 0.0
        /// Passes of decoding, without those of prompts.
        package var passes = PassCounts()
        /// Drafts and how many of them became tokens.
        package var drafts = DraftCounts()
        /// Quality on the reference answers, by the cycle index of the predicting pass; nil for the prompt's last pass, and for
        /// all of vanilla.
        package var places: [Int?: PlaceQuality] = [:]

        /// Layers that each token of the answers ran, or of the references for the metric `loss`, without each text's last
        /// token, which is not run. Nil if the plan skips none.
        package var layersUsed: [Double]?

        /// Mean and variance of the layers per token; nil if the plan skips none, or nothing was run.
        package var depth: DepthSummary? { layersUsed.flatMap { $0.isEmpty ? nil : DepthSummary($0) } }

        /// The loss on all reference tokens, in nats per token.
        package var loss: Double? {
            let count = places.values.reduce(0) { $0 + $1.agreement.count }
            return count == 0 ? nil : places.values.reduce(0) { $0 + $1.lossSum } / Double(count)
        }
    }

    /// How well passes at one cycle index predict the reference.
    package struct PlaceQuality: Sendable {
        /// How often the most likely token is vanilla's, after the same text.
        package var agreement = Proportion()
        /// The summed loss of the reference tokens, in nats.
        package var lossSum = 0.0
        /// Vanilla's summed loss of the same tokens, in nats.
        package var vanillaLossSum = 0.0

        package init() {}

        package static func + (left: PlaceQuality, right: PlaceQuality) -> PlaceQuality {
            var sum = left
            sum.agreement = sum.agreement + right.agreement
            sum.lossSum += right.lossSum
            sum.vanillaLossSum += right.vanillaLossSum
            return sum
        }
    }
}

extension Evaluation {
    /// Answers every item with every plan, interleaved, and computes each plan's loss on the reference answers.
    ///
    /// - Parameters:
    ///   - models: the baseline, if there is one, runs vanilla, with which plans are compared.
    ///   - metric: replaces the items' own metric; the default for items without one is `exact`.
    ///   - pattern: replaces the items' own pattern; without one the whole answer counts.
    ///   - progress: receives the number of items done.
    ///   - isCancelled: called before each item. A cancelled evaluation covers the items done so far.
    /// - Throws: `GenerationError`, `SessionError` or `SamplingError`.
    package init(
        of models: ComparedModels, on task: EvaluationTask, plans: [any DecodePlan],
        options: SessionOptions, maximumTokens: Int, metric: AnswerMetric? = nil, pattern: AnswerPattern? = nil,
        progress: (Int) -> Void, isCancelled: () -> Bool
    ) throws {
        self.task = task
        layerCount = models.model.configuration.layerCount
        results = plans.map(PlanResult.init)
        let examiner = try Examiner(models, options: options, maximumTokens: maximumTokens)
        for (index, item) in task.items.enumerated() {
            guard !isCancelled() else { return }
            let metric = metric ?? item.metric ?? .exact
            let question = try examiner.question(item)
            let vanilla = try examiner.predictions(question, .vanilla).tokens
            // Each item begins with another plan.
            for offset in plans.indices {
                let number = (offset + index) % plans.count
                let plan = plans[number]
                if metric != .loss {
                    let answer = try examiner.answer(question.prompt, plan)
                    let isCorrect = metric.accepts(
                        answer.text, reference: item.answer, pattern: pattern ?? item.pattern)
                    results[number].take(answer, isCorrect: isCorrect)
                }
                guard !results[number].plan.isVanilla else {
                    results[number].take(vanilla, vanilla: vanilla)
                    continue
                }
                let predictions = try examiner.predictions(question, plan)
                results[number].take(predictions.tokens, vanilla: vanilla)
                if metric == .loss { results[number].layersUsed?.append(contentsOf: predictions.depths.layersUsed) }
            }
            progress(index + 1)
        }
    }
}

extension Evaluation.PlanResult {
    fileprivate init(_ plan: any DecodePlan) {
        self.plan = PlanLabel(plan)
        layersUsed = plan.skipsLayers ? [] : nil
    }

    fileprivate mutating func take(_ answer: Examiner.Answer, isCorrect: Bool) {
        correct.add(isCorrect)
        answers.append(answer.text)
        decodeTokens += answer.statistics.decodeTokens
        decodeSeconds += answer.statistics.decodeSeconds
        passes += answer.statistics.passes
        drafts += answer.statistics.drafts
        layersUsed?.append(contentsOf: answer.depths.layersUsed)
    }

    fileprivate mutating func take(_ predictions: [Examiner.Prediction], vanilla: [Examiner.Prediction]) {
        for (prediction, other) in zip(predictions, vanilla) {
            var quality = places[prediction.cycleIndex] ?? Evaluation.PlaceQuality()
            quality.agreement.add(prediction.likeliest == other.likeliest)
            quality.lossSum += prediction.loss
            quality.vanillaLossSum += other.loss
            places[prediction.cycleIndex] = quality
        }
    }
}
