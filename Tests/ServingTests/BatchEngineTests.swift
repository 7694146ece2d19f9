import Decoding
import Models
import Serving
import TestSupport
import Testing

struct BatchEngineTests {
    private static func job(
        _ prompt: [Int], _ factor: Int, tokens: Int, sampling: SamplingParameters = .greedy,
        rule: CycleRule = .prompt,
        for listener: Listener
    ) throws -> Job {
        Job(
            prompt: prompt, plan: try Fixture.plan(factor, rule: rule),
            options: GenerationOptions(maximumTokens: tokens, sampling: sampling, ignoresEnd: true, logprobCount: 3)
        ) { listener.hear($0) }
    }

    private static func randomJob(_ listener: Listener, using generator: inout SeededGenerator) throws -> Job {
        let sampling = SamplingParameters(
            temperature: Bool.random(using: &generator) ? 0 : 1.5, topP: 0.9, repetitionPenalty: 1.1,
            seed: UInt64.random(in: 0...99, using: &generator))
        return try job(
            Fixture.randomTokens(Int.random(in: 1...300, using: &generator), using: &generator),
            [0, 0, 2, 3, 4, 4, 6, 16].randomElement(using: &generator) ?? 0,
            tokens: Int.random(in: 0...40, using: &generator),
            sampling: sampling, rule: CycleRule.allCases.randomElement(using: &generator) ?? .prompt, for: listener)
    }

    @Test("batched = alone: tokens, text, cycle indices and logprobs, with arrivals and departures", arguments: 1...4)
    func exact(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var limits = ServingLimits()
        limits.batchSize = 6
        let engine = try Fixture.engine(limits)
        var jobs: [(job: Job, listener: Listener)] = []
        while jobs.count < 24 || !engine.isIdle || engine.queue.count > 0 {
            if jobs.count < 24, Int.random(in: 0..<4, using: &generator) == 0 {
                let listener = Listener()
                let job = try Self.randomJob(listener, using: &generator)
                jobs.append((job, listener))
                try engine.queue.submit([job])
            }
            if Int.random(in: 0..<40, using: &generator) == 0 { jobs.randomElement(using: &generator)?.job.cancel() }
            engine.step()
        }
        for (job, listener) in jobs {
            let (heard, alone) = (listener.answer, try Fixture.alone(job))
            if heard.finishReason == .cancelled {
                #expect(alone.tokens.starts(with: heard.tokens))
            } else {
                #expect((heard == alone) as Bool, "\(job.plan), prompt of \(job.prompt.count)")
            }
        }
    }

    /// Subtracts from the logits of the last tokens.
    private struct Reluctance: LogitProcessor {
        private var recent: [Int] = []

        mutating func observe(_ token: Int, isGenerated: Bool) { recent = recent.suffix(5) + [token] }

        mutating func process(_ logits: inout MutableSpan<Float>) {
            for token in recent { logits[token] -= 6 }
        }
    }

    @Test("a job's logit processor changes its own answer, and no other in the batch")
    func processors() throws {
        let engine = try Fixture.engine(ServingLimits())
        let jobs = try [0, 4, 0, 4].enumerated().map { number, factor in
            let listener = Listener()
            let job = Job(
                prompt: [5, 6, 9], plan: try Fixture.plan(factor),
                options: GenerationOptions(maximumTokens: 30, sampling: .greedy, ignoresEnd: true, logprobCount: 2),
                selection: TokenSelection(processors: number < 2 ? [Reluctance()] : [])
            ) { listener.hear($0) }
            return (job: job, listener: listener)
        }
        try engine.queue.submit(jobs.map(\.job))
        for _ in 0..<90 where !jobs.allSatisfy(\.listener.hasEnded) { engine.step() }
        for (job, listener) in jobs { #expect(listener.answer == (try Fixture.alone(job))) }
        #expect(jobs[0].listener.answer.tokens.map(\.id) != jobs[2].listener.answer.tokens.map(\.id))
    }

    @Test("a key or value too large for float16 fails its own request and no other in the batch", arguments: [0, 4])
    func cacheOverflow(_ factor: Int) throws {
        let checkpoint = try AlteredCheckpoint()
        checkpoint.overflowAtTokenSeven()
        let path = try checkpoint.write()
        let model = Result { try Model(path: path) }
        let engine = try Fixture.engine(model: model)
        let jobs = try [[5, 6, 9], [5, 6, 7, 8], [12, 40, 90]].map { prompt in
            let listener = Listener()
            return (job: try Self.job(prompt, factor, tokens: 20, for: listener), listener: listener)
        }
        try engine.queue.submit(jobs.map(\.job))
        for _ in 0..<60 where !jobs.allSatisfy(\.listener.hasEnded) { engine.step() }
        #expect(jobs[1].listener.failure == "\(SessionError.cacheOverflow(position: 2))")
        #expect(jobs[1].listener.answer.tokens.isEmpty)
        for (job, listener) in [jobs[0], jobs[2]] { #expect(listener.answer == (try Fixture.alone(job, model))) }
    }

    @Test("a job that arrives within a cycle waits for its end, and shares trunk passes from then on")
    func alignment() throws {
        let engine = try Fixture.engine()
        let listeners = (0..<4).map { _ in Listener() }
        for (index, listener) in listeners.enumerated() {
            try engine.queue.submit([try Self.job([5, 6, 7], 4, tokens: 60, for: listener)])
            for _ in 0..<(index + 5) { engine.step() }
        }
        let before = engine.passes
        for _ in 0..<16 { engine.step() }
        #expect((engine.passes - before).trunkPasses == 4)
        #expect((engine.passes - before).headRows == 4 * 16)
    }

    @Test("mixed factors share the trunk passes at steps that both divide")
    func mixedFactors() throws {
        let engine = try Fixture.engine()
        let listeners = [2, 4, 4, 2].map { factor in (factor, Listener()) }
        for (factor, listener) in listeners {
            try engine.queue.submit([try Self.job([5, 6, 7], factor, tokens: 60, for: listener)])
            engine.step()
        }
        for _ in 0..<8 { engine.step() }
        let before = engine.passes
        for _ in 0..<16 { engine.step() }
        #expect((engine.passes - before).trunkPasses == 8)
        #expect((engine.passes - before).trunkRows == 4 * 16)
    }

    @Test("a long prompt delays neither decoding jobs nor a short prompt behind it")
    func fairness() throws {
        var generator = SeededGenerator(seed: 1)
        let engine = try Fixture.engine()
        let (decoding, long, short) = (Listener(), Listener(), Listener())
        try engine.queue.submit([try Self.job([5, 6], 0, tokens: 100, for: decoding)])
        engine.step()
        let prompt = try Fixture.randomTokens(1000, using: &generator)
        try engine.queue.submit([
            try Self.job(prompt, 0, tokens: 1, for: long), try Self.job([8, 9], 0, tokens: 1, for: short),
        ])
        var steps = 0
        while !long.hasEnded {
            let before = decoding.count
            engine.step()
            steps += 1
            #expect(decoding.count == before + 1)
            #expect(steps < 2 || short.hasEnded)
        }
        #expect(steps == 1 + 2)
    }

    @Test("a cancelled job is gone after the next step, whether it waits, reads or decodes")
    func cancellation() throws {
        var limits = ServingLimits()
        limits.batchSize = 2
        let engine = try Fixture.engine(limits)
        let listeners = (0..<4).map { _ in Listener() }
        let prompt = Array(repeating: 7, count: 600)
        let jobs = try listeners.map { try Self.job($0 === listeners[1] ? prompt : [5, 6], 4, tokens: 400, for: $0) }
        try engine.queue.submit(jobs)
        for _ in 0..<4 { engine.step() }
        let full = engine.kvByteCount
        #expect(engine.queue.count == 2 && full > 0)
        for job in jobs.dropLast() { job.cancel() }
        engine.step()
        #expect(listeners.dropLast().allSatisfy { $0.answer.finishReason == .cancelled })
        #expect(engine.queue.count == 0 && engine.kvByteCount < full)
        jobs[3].cancel()
        engine.step()
        #expect(engine.isIdle && engine.kvByteCount == 0)
    }

    @Test("quantised prompts in chunks: a long one delays neither decoding jobs nor a short prompt behind it")
    func pieces() throws {
        var generator = SeededGenerator(seed: 1)
        let engine = try Fixture.engine(model: Fixture.quantised)
        let (long, short) = (Listener(), Listener())
        let job = try Self.job(try Fixture.randomTokens(1000, using: &generator), 3, tokens: 9, for: long)
        try engine.queue.submit([job, try Self.job([8, 9], 0, tokens: 1, for: short)])
        var steps = 0
        while long.count == 0 {
            engine.step()
            steps += 1
            #expect(steps < 2 || short.hasEnded)
        }
        #expect(steps == 1 + 8)
        while !engine.isIdle { engine.step() }
        #expect((long.answer == (try Fixture.alone(job, Fixture.quantised))) as Bool)
    }

    @Test(
        "a chat's next turn reuses its prefix, whatever the factors, and gets what it would get alone",
        arguments: 1...3)
    func reuse(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var limits = ServingLimits()
        limits.batchSize = 3
        let engine = try Fixture.engine(limits, model: Fixture.quantised)
        var turns = try (0..<3).map { _ in try Fixture.randomTokens(60, using: &generator) }
        var reused = 0
        for turn in 0..<5 {
            let listeners = turns.map { _ in Listener() }
            let jobs = try zip(turns, listeners).map { prompt, listener in
                try Self.job(
                    prompt, [0, 2, 4, 6].randomElement(using: &generator) ?? 0, tokens: 20,
                    rule: CycleRule.allCases.randomElement(using: &generator) ?? .prompt, for: listener)
            }
            try engine.queue.submit(jobs)
            while !engine.isIdle || engine.queue.count > 0 { engine.step() }
            for (index, (job, listener)) in zip(jobs, listeners).enumerated() {
                #expect(
                    (listener.answer == (try Fixture.alone(job, Fixture.quantised))) as Bool,
                    "turn \(turn), \(job.plan)")
                reused += listener.summary?.reusedTokens ?? 0
                // Some continue where the answer ended, some diverge within it.
                let kept = Int.random(in: 0...20, using: &generator)
                turns[index] =
                    job.prompt + listener.answer.tokens.prefix(kept).map(\.id)
                    + (try Fixture.randomTokens(15, using: &generator))
            }
        }
        #expect(reused >= 3 * (60 + 75 + 90 + 105))
    }

    @Test("a prefix that two simultaneous jobs share is read once, half of it by each")
    func sharedBeginning() throws {
        var generator = SeededGenerator(seed: 6)
        let engine = try Fixture.engine(model: Fixture.quantised)
        let beginning = try Fixture.randomTokens(512, using: &generator)
        let listeners = (0..<2).map { _ in Listener() }
        let jobs = try listeners.enumerated().map { index, listener in
            try Self.job(
                beginning + (try Fixture.randomTokens(40, using: &generator)), 4 * index, tokens: 20, for: listener)
        }
        try engine.queue.submit(jobs)
        while !engine.isIdle || engine.queue.count > 0 { engine.step() }
        for (job, listener) in zip(jobs, listeners) {
            #expect((listener.answer == (try Fixture.alone(job, Fixture.quantised))) as Bool)
        }
        #expect(listeners.map { $0.summary?.reusedTokens } == [256, 256])
    }

    @Test(
        "a job copies the prefix that it shares with one that decodes; budget and answers stay the same",
        arguments: 1...3)
    func sharedMeanwhile(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var limits = ServingLimits()
        limits.batchSize = 4
        let slot = try Fixture.bytesPerSlot(Fixture.quantised)
        limits.kvByteCount = 2048 * slot
        let engine = try Fixture.engine(limits, model: Fixture.quantised)
        let beginnings = try [200, 333].map { try Fixture.randomTokens($0, using: &generator) }
        var jobs: [(job: Job, listener: Listener)] = []
        while jobs.count < 16 || !engine.isIdle || engine.queue.count > 0 {
            if jobs.count < 16, Int.random(in: 0..<3, using: &generator) == 0 {
                let listener = Listener()
                let beginning = beginnings.randomElement(using: &generator) ?? []
                let own = try Fixture.randomTokens(Int.random(in: 0...60, using: &generator), using: &generator)
                let job = try Self.job(
                    beginning.dropLast(Int.random(in: 0...90, using: &generator)) + own,
                    [0, 2, 4].randomElement(using: &generator) ?? 0, tokens: Int.random(in: 1...40, using: &generator),
                    rule: CycleRule.allCases.randomElement(using: &generator) ?? .prompt, for: listener)
                jobs.append((job, listener))
                try engine.queue.submit([job])
            }
            engine.step()
            #expect(engine.totalKVByteCount <= limits.kvByteCount)
        }
        for (job, listener) in jobs {
            #expect((listener.answer == (try Fixture.alone(job, Fixture.quantised))) as Bool, "\(job.plan)")
        }
        #expect(jobs.reduce(0) { $0 + ($1.listener.summary?.reusedTokens ?? 0) } > 8 * 128)
    }

    @Test("another chat copies the system prompt of one that has ended, whose next turn still reuses all of its own")
    func sharedWithEnded() throws {
        var generator = SeededGenerator(seed: 7)
        let engine = try Fixture.engine(model: Fixture.quantised)
        let system = try Fixture.randomTokens(100, using: &generator)
        let chat = system + (try Fixture.randomTokens(150, using: &generator))
        var reused: [Int?] = []
        for prompt in [chat, system + [5, 6, 7], chat + [8, 9]] {
            let listener = Listener()
            let job = try Self.job(prompt, 4, tokens: 6, for: listener)
            try engine.queue.submit([job])
            while !listener.hasEnded { engine.step() }
            #expect((listener.answer == (try Fixture.alone(job, Fixture.quantised))) as Bool)
            reused.append(listener.summary?.reusedTokens)
        }
        #expect(reused == [0, 100, 250])
    }

    @Test(
        "plans that skip layers or draft run beside the others, and each gets what it gets alone",
        arguments: [false, true])
    func mixedPlans(isRouted: Bool) throws {
        let model = isRouted ? Fixture.routed : Fixture.model
        let configuration = try model.get().configuration
        var generator = SeededGenerator(seed: 3)
        var limits = ServingLimits()
        limits.batchSize = 5
        let engine = try Fixture.engine(limits, model: model)
        let plans = try Fixture.mixedPlans(configuration)
        let jobs = (0..<15).map { index in
            let listener = Listener()
            let prompt = (0..<Int.random(in: 1...60, using: &generator)).map { _ in
                Int.random(in: 3..<configuration.vocabularySize, using: &generator)
            }
            let job = Job(
                prompt: prompt, plan: plans[index % plans.count],
                options: GenerationOptions(maximumTokens: 24, ignoresEnd: true)
            ) { listener.hear($0) }
            return (job, listener)
        }
        try engine.queue.submit(jobs.map(\.0))
        while !engine.isIdle || engine.queue.count > 0 { engine.step() }
        for (job, listener) in jobs {
            #expect((listener.answer == (try Fixture.alone(job, model))) as Bool, "\(job.plan)")
        }
        #expect(engine.passes.headRows > engine.passes.headPasses)
    }

    @Test("a prefix that other layers read is not reused")
    func otherLayers() throws {
        var generator = SeededGenerator(seed: 4)
        let engine = try Fixture.engine(model: Fixture.quantised)
        let configuration = try Fixture.quantised.get().configuration
        let prompt = try Fixture.randomTokens(80, using: &generator)
        for (request, reused) in [(PlanRequest.vanilla, 0), (.exit(layers: 20), 0), (.multiToken(4), 79)] {
            let listener = Listener()
            let job = Job(
                prompt: prompt, plan: try configuration.plan(for: request),
                options: GenerationOptions(maximumTokens: 5, ignoresEnd: true)
            ) { listener.hear($0) }
            try engine.queue.submit([job])
            while !listener.hasEnded { engine.step() }
            #expect((listener.answer == (try Fixture.alone(job, Fixture.quantised))) as Bool)
            #expect(listener.summary?.reusedTokens == reused)
        }
    }

    @Test("kept prefixes are evicted to make room for new jobs")
    func eviction() throws {
        var generator = SeededGenerator(seed: 5)
        var limits = ServingLimits()
        let slot = try Fixture.bytesPerSlot(Fixture.quantised)
        limits.kvByteCount = 1024 * slot
        let engine = try Fixture.engine(limits, model: Fixture.quantised)
        for _ in 0..<12 {
            let listener = Listener()
            let prompt = try Fixture.randomTokens(Int.random(in: 40...900, using: &generator), using: &generator)
            try engine.queue.submit([try Self.job(prompt, 4, tokens: 8, for: listener)])
            while !listener.hasEnded {
                engine.step()
                #expect(engine.totalKVByteCount <= limits.kvByteCount)
            }
        }
        #expect(engine.totalKVByteCount > 0)
    }

    @Test("keys and values never exceed the budget, and every job still finishes")
    func budget() throws {
        var generator = SeededGenerator(seed: 9)
        var limits = ServingLimits()
        let slot = try Fixture.bytesPerSlot(Fixture.model)
        limits.kvByteCount = 1000 * slot
        let engine = try Fixture.engine(limits)
        let listeners = (0..<30).map { _ in Listener() }
        for listener in listeners {
            let prompt = try Fixture.randomTokens(Int.random(in: 1...500, using: &generator), using: &generator)
            try engine.queue.submit([
                try Self.job(prompt, 4, tokens: Int.random(in: 1...80, using: &generator), for: listener)
            ])
        }
        var mostTogether = 0
        while !engine.isIdle || engine.queue.count > 0 {
            engine.step()
            #expect(engine.kvByteCount <= limits.kvByteCount)
            mostTogether = max(mostTogether, engine.kvByteCount)
        }
        #expect(listeners.allSatisfy { $0.answer.finishReason == .length })
        #expect(mostTogether > limits.kvByteCount / 2)
        #expect(throws: AdmissionError.self) {
            try engine.queue.submit([try Self.job([5], 0, tokens: 1500, for: Listener())])
        }
    }

    @Test("a full queue takes all jobs of a request or none, a closed one takes none; admitted jobs finish")
    func admission() throws {
        var limits = ServingLimits()
        limits.queueLength = 3
        let engine = try Fixture.engine(limits)
        let listeners = (0..<6).map { _ in Listener() }
        let jobs = try listeners.map { try Self.job([5], 2, tokens: 9, for: $0) }
        try engine.queue.submit(Array(jobs[..<2]))
        #expect(throws: AdmissionError.queueFull(limit: 3)) { try engine.queue.submit(Array(jobs[2..<4])) }
        try engine.queue.submit([jobs[4]])
        engine.queue.close()
        #expect(throws: AdmissionError.stopping) { try engine.queue.submit([jobs[5]]) }
        while !engine.isIdle || engine.queue.count > 0 { engine.step() }
        #expect(listeners.map(\.hasEnded) == [true, true, false, false, true, false])
    }

    @Test("metrics count what happened")
    func metrics() throws {
        let metrics = ServingMetrics()
        let engine = try Fixture.engine(metrics: metrics)
        let listeners = (0..<2).map { _ in Listener() }
        for listener in listeners { try engine.queue.submit([try Self.job([5, 6, 7], 4, tokens: 9, for: listener)]) }
        while !engine.isIdle || engine.queue.count > 0 { engine.step() }
        let text = metrics.text
        for line in [
            "volley_prompt_tokens_total 6", "volley_generated_tokens_total 18", "volley_jobs_total{end=\"finished\"} 2",
            "volley_pass_rows_total{part=\"head\"} 16", "volley_first_token_seconds_count 2",
            "volley_next_token_seconds_count 16", "volley_batch_jobs 0", "volley_kv_bytes 0",
        ] { #expect(text.contains("\(line)\n"), "\(line)") }
        let summary = try #require(listeners[0].summary)
        #expect(summary.promptTokens == 3 && summary.generatedTokens == 9 && summary.tokensPerSecond > 0)
    }
}
