import Decoding
import Constraints
import Models
import Serving
import TestSupport
import Testing

/// Constrained jobs in a batch, some with the same constraint, some with none.
struct ConstrainedJobTests {
    private static func constraints() throws -> [Constraint?] {
        [
            nil, try .regularExpression("[a-z]{2,12}"), .jsonObject,
            try .jsonSchema(
                #"{"type":"object","properties":{"n":{"type":"integer"},"s":{"type":"string","maxLength":6}},"required":["n","s"]}"#
            ),
        ]
    }

    @Test("batched = alone under constraints, with every plan that shares passes")
    func exact() throws {
        var limits = ServingLimits()
        limits.batchSize = 7
        let engine = try Fixture.engine(limits, model: Fixture.quantised)
        let model = try Fixture.quantised.get()
        let plans =
            try [.vanilla, Fixture.plan(4)]
            + Fixture.mixedPlans(model.configuration).filter { $0.drafting != nil || $0.cycleEnd != nil }
        var random = SeededGenerator(seed: 21)
        var jobs: [(job: Job, listener: Listener)] = []
        for plan in plans where PlanSharingError(plan, model) == nil {
            for (number, constraint) in try Self.constraints().enumerated() {
                let listener = Listener()
                let options = GenerationOptions(
                    maximumTokens: 50,
                    sampling: SamplingParameters(temperature: number == 3 ? 0 : 1.4, seed: UInt64(number)),
                    logprobCount: 2, constraint: constraint)
                let job = Job(prompt: try Fixture.randomTokens(20, using: &random), plan: plan, options: options) {
                    listener.hear($0)
                }
                jobs.append((job, listener))
            }
        }
        #expect(jobs.count >= 16)
        try engine.queue.submit(jobs.map(\.job))
        while !engine.isIdle || engine.queue.count > 0 { engine.step() }
        for (job, listener) in jobs {
            #expect(try listener.answer == Fixture.alone(job, Fixture.quantised), "\(job.plan.name)")
        }
    }
}
