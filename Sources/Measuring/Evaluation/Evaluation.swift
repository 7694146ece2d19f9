import Decoding
import Models
import Tokens

/// What plans keep of a model's quality on a task, and what they gain in speed.
package struct Evaluation: Sendable {
    package let task: EvaluationTask
    /// Of the model.
    package let layerCount: Int
    /// One for each plan, in their order.
    package private(set) var results: [PlanResult]

    /// What one plan did on a task.
    package struct PlanResult: Sendable {
        package let plan: PlanLabel
        package var correct = Proportion()
        /// Greedy answers, item by item; empty where an item is judged by its loss alone.
        package var answers: [String] = []
        package var decodeTokens = 0
        package var decodeSeconds = 0.0
        /// On the reference answers, by the place in its cycle of the pass that predicts; nil is the prompt's last pass,
        /// and all of vanilla.
        package var places: [Int?: PlaceQuality] = [:]

        /// Layers that each token of the answers ran, or of the references that are judged by their loss alone; the last of
        /// each is not run. Nil where the plan skips none.
        package var layersUsed: [Double]?

        /// Average and variance of the layers; nil where the plan skips none, or nothing was run.
        package var depth: DepthSummary? { layersUsed.flatMap { $0.isEmpty ? nil : DepthSummary($0) } }

        /// The loss on all reference tokens, in nats a token.
        package var loss: Double? {
            let count = places.values.reduce(0) { $0 + $1.agreement.count }
            return count == 0 ? nil : places.values.reduce(0) { $0 + $1.lossSum } / Double(count)
        }
    }

    /// How well passes at one place in the cycle predict the reference.
    package struct PlaceQuality: Sendable {
        /// With vanilla's most likely token, after the same text.
        package var agreement = Proportion()
        /// Of the reference tokens, in nats; vanilla's for the same tokens beside it.
        package var lossSum = 0.0
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
    /// Answers every item with every plan, in turns, and scores the reference answers under each.
    /// - Parameters:
    ///   - models: vanilla, which plans are held against, comes from the baseline where there is one.
    ///   - metric: in place of the items' own; items that say none are judged by `exact`.
    ///   - pattern: in place of the items' own; without one the whole answer counts.
    ///   - progress: told the number of items done.
    ///   - isCancelled: looked at before each item; what was done until then is the result.
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
            // Plans take turns in going first.
            for place in plans.indices {
                let number = (place + index) % plans.count
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
        layersUsed?.append(contentsOf: answer.depths.layersUsed)
    }

    fileprivate mutating func take(_ predictions: [Examiner.Prediction], vanilla: [Examiner.Prediction]) {
        for (prediction, other) in zip(predictions, vanilla) {
            var quality = places[prediction.place] ?? Evaluation.PlaceQuality()
            quality.agreement.add(prediction.likeliest == other.likeliest)
            quality.lossSum += prediction.loss
            quality.vanillaLossSum += other.loss
            places[prediction.place] = quality
        }
    }
}
