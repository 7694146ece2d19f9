import Decoding
import Serving
import TestSupport
import Testing

/// Prompts that other servers have read.
struct CachedPromptTests {
    @Test("an engine takes prompts from disk and gives the lone run's answers", arguments: [true, false])
    func reuse(_ isQuantised: Bool) throws {
        let directory = try TemporaryDirectory()
        let model = isQuantised ? Fixture.quantised : Fixture.model
        var generator = SeededGenerator(seed: 1)
        let beginning = try Fixture.randomTokens(700, using: &generator)
        let prompts = try (0..<5).map { try beginning + Fixture.randomTokens(20 * $0 + 1, using: &generator) }
        for round in 0..<2 {
            var options = SessionOptions(threadCount: 2)
            options.promptCache = try PromptCache(directory.path)
            let engine = try BatchEngine(
                try model.get(), options: options, limits: ServingLimits(), metrics: ServingMetrics())
            let jobs = try prompts.enumerated().map { index, prompt in
                let listener = Listener()
                let job = Job(
                    prompt: prompt, plan: try Fixture.plan(index % 2 * 4),
                    options: GenerationOptions(
                        maximumTokens: 6, sampling: .greedy, ignoresEnd: true, logprobCount: 2)
                ) { listener.hear($0) }
                return (job: job, listener: listener)
            }
            try engine.queue.submit(jobs.map(\.job))
            for _ in 0..<200 where !jobs.allSatisfy(\.listener.hasEnded) { engine.step() }
            for (job, listener) in jobs { #expect(listener.answer == (try Fixture.alone(job, model))) }
            let least = isQuantised ? 640 : 512
            if round == 1 { for (_, listener) in jobs { #expect((listener.summary?.reusedTokens ?? 0) >= least) } }
        }
    }
}
