import Decoding
import Models
import Tensors
import TestSupport
import Testing

/// A batch is a way to share the reading of weights, nothing that a sequence could notice.
struct BatchPassTests {
    /// What one sequence is asked for: given tokens, so that near-ties cannot send two runs apart.
    private struct Script {
        let prompt: [Int]
        let tokens: [Int]
        let plan: any DecodePlan
        /// The step of the batch at which it joins; it leaves when its tokens are used up.
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
            try DecodingContext(model, options: options), prompt: script.prompt, then: script.tokens, plan: script.plan)
    }

    /// The logits of each script after each of its tokens, all in one batch.
    private static func together(
        _ scripts: [Script], _ model: LayerStack, _ options: SessionOptions, rowLimit: Int = .max
    ) throws -> [[[Float]]] {
        let workspace = try Workspace(model, options: options, batchSize: scripts.count)
        let batch = BatchPass(in: workspace, batchSize: scripts.count)
        let sessions = scripts.map { _ in DecodingContext(in: workspace) }
        var logits: [[[Float]]] = scripts.map { _ in [] }
        for step in 0..<80 {
            for (index, script) in scripts.enumerated() where script.start == step {
                try sessions[index].begin(script.prompt, plan: script.plan)
                while sessions[index].needsChunk { sessions[index].runChunk(rowLimit: rowLimit) }
                logits[index].append(Array(sessions[index].logits))
            }
            let active = scripts.indices.filter {
                step >= scripts[$0].start && logits[$0].count <= scripts[$0].tokens.count
            }
            for index in active { try sessions[index].append(scripts[index].tokens[logits[index].count - 1]) }
            batch.run(active.map { sessions[$0] })
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

    @Test("a window, sinks and another number of threads change nothing of that")
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

    @Test("prompts in small pieces change no bit where all weights are quantised")
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
        let workspace = try Workspace(model, options: SessionOptions(threadCount: 1), batchSize: 4)
        let batch = BatchPass(in: workspace, batchSize: 4)
        let sessions = (0..<4).map { _ in DecodingContext(in: workspace) }
        for (index, session) in sessions.enumerated() {
            try session.begin(randomTokens(3 + index, below: 160, seed: 1), plan: .multiToken(4))
            session.run()
        }
        for step in 0..<12 {
            for session in sessions { try session.append(step) }
            batch.run(sessions)
        }
        #expect(batch.passes.trunkPasses == 3)
        #expect(batch.passes.trunkRows == 4 * (1 + 4 + 4))
        #expect(batch.passes.headPasses == 12)
        #expect(batch.passes.headRows == 48)
    }

    @Test("sequences that skip layers run by themselves in the same workspace, and have records of their own")
    func loneSequences() throws {
        let model = try SyntheticModel(format: .q8_0, routed: [1, 4, 10]).build()
        let options = SessionOptions(threadCount: 2)
        let workspace = try Workspace(model, options: options, batchSize: 2)
        let batch = BatchPass(in: workspace, batchSize: 2)
        let plans: [any DecodePlan] = [
            .vanilla, .flexiDepth, try MultiTokenPlan(factor: 3), try SaturationPlan(cosine: 0.8),
        ]
        let contexts = plans.map { _ in DecodingContext(in: workspace) }
        let prompts = plans.indices.map { randomTokens(9, below: 160, seed: UInt64($0)) }
        let tokens = randomTokens(20, below: 160, seed: 9)
        for (index, context) in contexts.enumerated() {
            try context.begin(prompts[index], plan: plans[index])
            context.run()
        }
        for token in tokens {
            for context in contexts { try context.append(token) }
            batch.run(contexts.filter(\.sharesPasses))
            for context in contexts where !context.sharesPasses { context.run() }
        }
        for (index, context) in contexts.enumerated() {
            let alone = try DecodingContext(model, options: options)
            let logits = try ExactnessTests.decodedLogits(
                alone, prompt: prompts[index], then: tokens, plan: plans[index])
            #expect((Array(context.logits) == logits.last) as Bool, "\(plans[index])")
            #expect(context.depths.layersUsed == alone.depths.layersUsed)
        }
        #expect(contexts.map(\.depths.positionCount) == [0, 29, 0, 29])
    }

    @Test("logits at every position of a prompt are those of its beginnings")
    func promptLogits() throws {
        let model = try SyntheticModel(format: .q8_0).build()
        let options = SessionOptions(threadCount: 1)
        let prompt = randomTokens(23, below: 160, seed: 5)
        var seen: [[Float]] = []
        let session = try DecodingContext(model, options: options)
        try session.begin(prompt)
        while session.needsChunk {
            session.runChunk(rowLimit: 10) { position, logits in
                #expect(position == seen.count)
                seen.append(Array(logits))
            }
        }
        for count in 1...prompt.count {
            let beginning = try DecodingContext(model, options: options)
            try beginning.begin(Array(prompt.prefix(count)))
            beginning.run()
            #expect((Array(beginning.logits) == seen[count - 1]) as Bool)
        }
    }
}
