import Decoding
import Models
import Serving
import Tensors
import Testing

/// The keys and values that a job may come to need.
struct KVBudgetTests {
    private static func budget(_ options: SessionOptions = SessionOptions()) throws -> (KVBudget, ModelConfiguration) {
        let model = try Fixture.model.get().configuration
        return (KVBudget(byteCount: 1 << 30, model: model, options: options), model)
    }

    private static func job(_ promptCount: Int, _ maximumTokens: Int?, _ plan: any DecodePlan = .vanilla) -> Job {
        Job(
            prompt: Array(repeating: 5, count: promptCount), plan: plan,
            options: GenerationOptions(maximumTokens: maximumTokens)
        ) { _ in }
    }

    @Test("prompt, answer and drafts, and no more than the context holds")
    func positions() throws {
        let (budget, model) = try Self.budget()
        let drafting = try SelfSpeculativePlan(exitLayer: 2, draftCount: 4, of: model)
        #expect(budget.positions(of: Self.job(10, 20)) == 30)
        #expect(budget.positions(of: Self.job(10, 20, drafting)) == 34)
        #expect(budget.positions(of: Self.job(10, nil)) == model.contextLength)
        #expect(budget.positions(of: Self.job(model.contextLength - 3, 100, drafting)) == model.contextLength)
    }

    @Test("a trunk that skips tokens for good needs fewer entries than the head")
    func entries() throws {
        let (budget, _) = try Self.budget()
        let shadow = try MultiTokenPlan(factor: 4, rule: CycleRule(history: .shadow))
        let entries = budget.entries(of: Self.job(10, 20, shadow))
        #expect((entries.trunk, entries.head) == (15, 30))
    }

    @Test("the bytes are those that a sequence takes once it has room")
    func bytes() throws {
        for options in [SessionOptions(threadCount: 1), SessionOptions(threadCount: 1, kvFormat: .f32, window: 32)] {
            let (budget, _) = try Self.budget(options)
            let sequence = try Engine(try Fixture.model.get().stack, options: options).makeSequence()
            let job = Self.job(40, 300)
            sequence.reserve(budget.entries(of: job))
            #expect(budget.byteCount(of: job) == sequence.kvByteCount)
        }
    }
}
