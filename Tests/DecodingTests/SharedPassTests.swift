import Decoding
import Models
import Tensors
import TestSupport
import Testing

/// A sequence gets the same bits in a batch as alone.
struct SharedPassTests {
    /// One sequence of a batch. Its tokens are given, so that near-ties cannot make two runs diverge.
    private struct Script {
        let prompt: [Int]
        let tokens: [Int]
        let plan: any DecodePlan
        /// The step at which the sequence joins the batch. It leaves after its last token.
        let start: Int
    }

    private static func scripts(_ count: Int, seed: UInt64) throws -> [Script] {
        var generator = SeededGenerator(seed: seed)
        return try (0..<count).map { index in
            let factor = Int.random(in: 0...16, using: &generator)
            let rule = CycleRule.allCases.randomElement(using: &generator) ?? .prompt
            return Script(
                prompt: randomTokens(
                    Int.random(in: 1...40, using: &generator), below: 160, seed: seed &+ UInt64(index)),
                tokens: randomTokens(Int.random(in: 1...40, using: &generator), below: 160, seed: seed ^ UInt64(index)),
                plan: factor == 0 ? .vanilla : try MultiTokenPlan(factor: factor, rule: rule),
                start: Int.random(in: 0...30, using: &generator))
        }
    }

    private static func alone(_ script: Script, _ model: LayerStack, _ options: SessionOptions) throws -> [[Float]] {
        try ExactnessTests.decodedLogits(
            try LoneSequence(model, options: options), prompt: script.prompt, then: script.tokens, plan: script.plan)
    }

    /// The logits of each script after each of its tokens, all in one batch.
    private static func together(
        _ scripts: [Script], _ model: LayerStack, _ options: SessionOptions, rowLimit: Int = .max
    ) throws -> [[[Float]]] {
        let engine = try Engine(model, options: options, batchSize: scripts.count)
        let sessions = scripts.map { _ in LoneSequence(in: engine) }
        var logits: [[[Float]]] = scripts.map { _ in [] }
        for step in 0..<80 {
            for (index, script) in scripts.enumerated() where script.start == step {
                try sessions[index].begin(script.prompt, plan: script.plan)
                while sessions[index].isBehind { sessions[index].step(rowLimit: rowLimit) }
                logits[index].append(Array(sessions[index].logits))
            }
            let active = scripts.indices.filter {
                step >= scripts[$0].start && logits[$0].count <= scripts[$0].tokens.count
            }
            for index in active { try sessions[index].append(scripts[index].tokens[logits[index].count - 1]) }
            engine.run(active.map { sessions[$0] })
            for index in active { logits[index].append(Array(sessions[index].logits)) }
        }
        return logits
    }

    @Test(
        "batched = alone, bit for bit: mixed factors, rules and prompts, joins and leaves at any step",
        arguments: StorageFormat.allCases)
    func bitForBit(_ format: StorageFormat) throws {
        let model = try SyntheticModel.holding(format).build()
        let options = SessionOptions(threadCount: 2)
        for seed in 1...3 as ClosedRange<UInt64> {
            let scripts = try Self.scripts(9, seed: seed)
            let batched = try Self.together(scripts, model, options)
            for (script, logits) in zip(scripts, batched) {
                let alone = try Self.alone(script, model, options)
                #expect((logits == alone) as Bool, "\(script.plan), prompt of \(script.prompt.count), seed \(seed)")
            }
        }
    }

    @Test("the same holds with a window, sinks and other numbers of threads")
    func windows() throws {
        let model = try SyntheticModel(format: .q8_0).build()
        for (window, sinks) in [(1, 0), (7, 0), (8, 3), (5, 20), (33, 2)] {
            let options = SessionOptions(threadCount: 3, kvFormat: .f32, window: window, sinkCount: sinks)
            let scripts = try Self.scripts(7, seed: UInt64(window))
            let batched = try Self.together(scripts, model, options)
            for (script, logits) in zip(scripts, batched) {
                let alone = try Self.alone(script, model, options)
                #expect((logits == alone) as Bool, "\(script.plan), window \(window), sinks \(sinks)")
            }
        }
    }

    @Test("the same holds with q8_0 keys and values", arguments: QuantizedCacheTests.formats, [nil, 9])
    func quantizedCaches(_ format: KVFormat, _ window: Int?) throws {
        let model = try SyntheticModel(headWidth: 32, format: .q4_0).build()
        let options = SessionOptions(threadCount: 2, kvFormat: format, window: window, sinkCount: 2)
        let scripts = try Self.scripts(9, seed: 5)
        let batched = try Self.together(scripts, model, options)
        for (script, logits) in zip(scripts, batched) {
            let alone = try Self.alone(script, model, options)
            #expect((logits == alone) as Bool, "\(script.plan), prompt of \(script.prompt.count)")
        }
    }

    @Test("small chunks of prompts change no bit if all weights are quantised")
    func chunks() throws {
        let model = try SyntheticModel(format: .q4_0).build()
        let options = SessionOptions(threadCount: 2)
        let scripts = try Self.scripts(6, seed: 11)
        for rowLimit in [1, 5, 16] {
            let batched = try Self.together(scripts, model, options, rowLimit: rowLimit)
            for (script, logits) in zip(scripts, batched) {
                let alone = try Self.alone(script, model, options)
                #expect((logits == alone) as Bool, "\(script.plan), \(rowLimit) rows")
            }
        }
    }

    @Test("sequences with one factor that begin together share their trunk passes")
    func sharedTrunk() throws {
        let model = try SyntheticModel().build()
        let engine = try Engine(model, options: SessionOptions(threadCount: 1), batchSize: 4)
        let sessions = (0..<4).map { _ in LoneSequence(in: engine) }
        for (index, session) in sessions.enumerated() {
            try session.begin(randomTokens(3 + index, below: 160, seed: 1), plan: .multiToken(4))
            session.run()
        }
        let before = engine.passes
        for step in 0..<12 {
            for session in sessions { try session.append(step) }
            engine.run(sessions)
        }
        let passes = engine.passes - before
        #expect(passes.trunkPasses == 3)
        #expect(passes.trunkRows == 4 * (1 + 4 + 4))
        #expect(passes.headPasses == 12)
        #expect(passes.headRows == 48)
    }

    /// Every kind of plan, each with prompts and tokens of its own.
    private static func mixedScripts(_ model: ModelConfiguration, seed: UInt64) throws -> [Script] {
        let refreshed = try CycleRule(headHistory: .refreshed)
        let plans: [any DecodePlan] = [
            .vanilla, RoutedPlan(try #require(model.routing?.method)), try SaturationPlan(cosine: 0.8),
            try MultiTokenPlan(factor: 3), try MultiTokenPlan(factor: 4, layers: .routed),
            try FixedLayersPlan.exit(after: 6, of: model),
            try SelfSpeculativePlan(exitLayer: model.trunkLayerCount, draftCount: 3, of: model),
            RoutedPlan(try #require(model.routing?.method)), try VerifiedPlan(factor: 4), try VerifiedPlan(factor: 6),
            try MultiTokenPlan(factor: 4, rule: refreshed), try AdaptivePlan(maximum: 5, threshold: 0.01),
            try AdaptivePlan(CycleEnd(maximum: 6, signal: .margin, threshold: 0), rule: refreshed, layers: .routed),
            try DraftedPlan(.text),
        ]
        var generator = SeededGenerator(seed: seed)
        return plans.enumerated().map { index, plan in
            Script(
                prompt: randomTokens(
                    Int.random(in: 1...40, using: &generator), below: 160, seed: seed &+ UInt64(index)),
                tokens: randomTokens(Int.random(in: 5...40, using: &generator), below: 160, seed: seed ^ UInt64(index)),
                plan: plan, start: Int.random(in: 0...20, using: &generator))
        }
    }

    @Test(
        "routed, saturating, shortened, drafting and plain plans share passes and get their own bits, as they come and go",
        arguments: RoutingMethod.allCases, [StorageFormat.f32, .q8_0, .q4_0])
    func mixedPlans(_ method: RoutingMethod, _ format: StorageFormat) throws {
        let model = try SyntheticModel(format: format, routed: [1, 4, 5, 10], method: method).build()
        let options = SessionOptions(threadCount: 2)
        for seed in 1...3 as ClosedRange<UInt64> {
            let scripts = try Self.mixedScripts(model.configuration, seed: seed)
            let batched = try Self.together(scripts, model, options)
            for (script, logits) in zip(scripts, batched) {
                let alone = try Self.alone(script, model, options)
                #expect((logits == alone) as Bool, "\(script.plan), prompt of \(script.prompt.count), seed \(seed)")
            }
        }
    }

    @Test("sequences that share passes each record the layers that they ran")
    func records() throws {
        let model = try SyntheticModel(format: .q8_0, routed: [1, 4, 10]).build()
        let options = SessionOptions(threadCount: 2)
        let engine = try Engine(model, options: options, batchSize: 4)
        let plans: [any DecodePlan] = [
            .vanilla, .flexiDepth, try MultiTokenPlan(factor: 3), try SaturationPlan(cosine: 0.8),
        ]
        let sequences = plans.map { _ in LoneSequence(in: engine) }
        let prompts = plans.indices.map { randomTokens(9, below: 160, seed: UInt64($0)) }
        let tokens = randomTokens(20, below: 160, seed: 9)
        for (index, sequence) in sequences.enumerated() { try sequence.begin(prompts[index], plan: plans[index]) }
        engine.run(sequences)
        for token in tokens {
            for sequence in sequences { try sequence.append(token) }
            engine.run(sequences)
        }
        for (index, sequence) in sequences.enumerated() {
            let alone = try LoneSequence(model, options: options)
            let logits = try ExactnessTests.decodedLogits(
                alone, prompt: prompts[index], then: tokens, plan: plans[index])
            #expect((Array(sequence.logits) == logits.last) as Bool, "\(plans[index])")
            #expect(sequence.depths.layersUsed == alone.depths.layersUsed)
        }
        #expect(sequences.map(\.depths.positionCount) == [0, 29, 0, 29])
        #expect(engine.passes.headPasses == 1 + 20, "all sequences share each pass")
    }

    @Test(
        "prompts of several sequences read together give the bits of each alone", arguments: [StorageFormat.f32, .q8_0])
    func promptsTogether(_ format: StorageFormat) throws {
        let model = try SyntheticModel(format: format).build()
        let options = SessionOptions(threadCount: 2)
        let engine = try Engine(model, options: options, batchSize: 5)
        let prompts = [40, 3, 700, 17, 1].map { randomTokens($0, below: 160, seed: UInt64($0)) }
        let sequences = prompts.map { _ in LoneSequence(in: engine) }
        for (sequence, prompt) in zip(sequences, prompts) { try sequence.begin(prompt, plan: .multiToken(3)) }
        engine.run(sequences)
        for (sequence, prompt) in zip(sequences, prompts) {
            let alone = try LoneSequence(model, options: options)
            try alone.begin(prompt, plan: .multiToken(3))
            alone.run()
            #expect((Array(sequence.logits) == Array(alone.logits)) as Bool, "prompt of \(prompt.count)")
        }
    }

    @Test("logits at every position of a prompt equal those of the prompt cut there")
    func promptLogits() throws {
        let model = try SyntheticModel(format: .q8_0).build()
        let options = SessionOptions(threadCount: 1)
        let prompt = randomTokens(23, below: 160, seed: 5)
        var seen: [[Float]] = []
        let session = try LoneSequence(model, options: options)
        try session.begin(prompt)
        while session.isBehind {
            let note = { (position: Int, logits: UnsafeBufferPointer<Float>) in
                #expect(position == seen.count)
                seen.append(Array(logits))
            }
            session.step(rowLimit: 10, wanted: .each(note))
        }
        for count in 1...prompt.count {
            let beginning = try LoneSequence(model, options: options)
            try beginning.begin(Array(prompt.prefix(count)))
            beginning.run()
            #expect((Array(beginning.logits) == seen[count - 1]) as Bool)
        }
    }
}
