import Measuring
import Volley

extension EvaluationReport {
    private struct Document: Encodable {
        let baseline: String?
        let tasks: [Task]
        let plans: [Plan]

        struct Task: Encodable {
            let task: String
            let items: Int
            /// The model's number of layers.
            let layers: Int
            let plans: [PlanOnTask]
        }

        struct PlanOnTask: Encodable {
            let mtd: String
            /// The name of a plan that is not a factor.
            let plan: String?
            let correct: Int
            let count: Int
            let loss: Double?
            let retained: Double?
            /// Layers per token; absent if the plan skips none.
            let depth: DepthDocument.Summary?
            let answers: [String]
        }

        struct Plan: Encodable {
            let mtd: String
            let plan: String?
            let correct: Int
            let count: Int
            let low: Double
            let high: Double
            let retained: Double?
            let depth: DepthDocument.Summary?
            let tokensPerSecond: Double?
            let tokensPerTrunkPass: Double?
            /// Drafts, and how many of them became tokens, by place; absent for plans that draft nothing.
            let drafted: [Int]?
            let accepted: [Int]?
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
                layers: evaluation.layerCount,
                plans: evaluation.results.enumerated().map { plan, result in
                    Document.PlanOnTask(
                        mtd: result.plan.mtd, plan: result.plan.ownName, correct: result.correct.successCount,
                        count: result.correct.count, loss: result.loss, retained: retained(plan, on: evaluation),
                        depth: result.depth.map(DepthDocument.Summary.init), answers: result.answers)
                })
        }
        let summed = plans.indices.map { plan in
            let (total, hasDrafts) = (total(plan), drafts(plan).draftedTotal > 0)
            return Document.Plan(
                mtd: plans[plan].mtd, plan: plans[plan].ownName, correct: total.successCount, count: total.count,
                low: total.interval.lowerBound, high: total.interval.upperBound, retained: retained(plan),
                depth: depth(plan).map(DepthDocument.Summary.init), tokensPerSecond: speed(plan),
                tokensPerTrunkPass: tokensPerTrunkPass(plan), drafted: hasDrafts ? drafts(plan).drafted : nil,
                accepted: hasDrafts ? drafts(plan).accepted : nil,
                places: places(plan).map { cycleIndex, quality in
                    let count = Double(max(1, quality.agreement.count))
                    return Document.Place(
                        place: cycleIndex, tokens: quality.agreement.count, agreement: quality.agreement.share,
                        loss: quality.lossSum / count, vanillaLoss: quality.vanillaLossSum / count)
                })
        }
        return try Document(baseline: baseline, tasks: tasks, plans: summed).jsonDocument()
    }
}
