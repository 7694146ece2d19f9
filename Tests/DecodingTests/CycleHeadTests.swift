import Decoding
import Foundation
import Models
import Tensors
import TestSupport
import Testing
import Weights

/// A head of its own for the head-only places of cycles: the model itself stays what it was.
struct CycleHeadTests {
    private static let shape = SyntheticModel(layers: 7, headLayers: 4)

    /// A model, and the same with a head of other weights.
    private static func models(
        _ format: StorageFormat = .f32, headFormat: StorageFormat? = nil
    ) throws -> (plain: LayerStack, own: LayerStack) {
        var shape = shape
        shape.format = format
        let plain = try shape.build()
        (shape.seed, shape.format) = (9, headFormat ?? format)
        let other = try shape.build()
        let head = CycleHead(
            name: "head", layers: Array(other.head), finalNorm: other.finalNorm, trainedFactor: 6)
        return (plain, plain.with(head))
    }

    @Test(
        "vanilla and verified cycles give the model's own tokens and logits, bit for bit",
        arguments: [StorageFormat.f32, .q8_0])
    func lossless(_ format: StorageFormat) throws {
        let (plain, own) = try Self.models(format, headFormat: .bf16)
        for sampling in [.greedy, SamplingParameters(temperature: 0.7, seed: 3)] as [SamplingParameters] {
            func text(_ stack: LayerStack, _ plan: any DecodePlan) throws -> (tokens: [Int], logits: [Float]) {
                let sequence = try LoneSequence(stack, options: SessionOptions(threadCount: 2))
                let generator = try sequence.generate(
                    randomTokens(9, below: 160, seed: 1), plan: plan,
                    options: GenerationOptions(maximumTokens: 50, sampling: sampling))
                while try generator.step() != nil {}
                sequence.run()
                return (sequence.tokens, Array(sequence.logits))
            }
            let expected = try text(plain, .vanilla)
            for plan in [.vanilla, try VerifiedPlan(factor: 2), try VerifiedPlan(factor: 6), try DraftedPlan(.text)]
                as [any DecodePlan]
            {
                let found = try text(own, plan)
                #expect((found.tokens == expected.tokens && found.logits == expected.logits) as Bool, "\(plan.name)")
            }
        }
    }

    @Test("the model's own head as the add-on changes no bit of refreshed cycles")
    func sameHead() throws {
        let plain = try Self.shape.build()
        let own = plain.with(
            CycleHead(name: "same", layers: Array(plain.head), finalNorm: plain.finalNorm, trainedFactor: nil))
        for plan in [
            try MultiTokenPlan(factor: 4, rule: .refreshed),
            try AdaptivePlan(maximum: 6, threshold: 0.01, rule: .refreshed),
        ]
            as [any DecodePlan]
        {
            let (left, right) = (try LoneSequence(plain), try LoneSequence(own))
            #expect(try greedy(left, [1, 2, 3], plan, count: 40) == greedy(right, [1, 2, 3], plan, count: 40))
            #expect((Array(left.logits) == Array(right.logits)) as Bool)
        }
    }

    @Test("the add-on runs the head-only places alone; decoding equals recomputation, in every window")
    func recomputation() throws {
        let (plain, own) = try Self.models()
        for window in [nil, 9, 40] {
            for factor in [2, 3, 6] {
                let options = SessionOptions(threadCount: 1, kvFormat: .f32, window: window, sinkCount: 2)
                let plan = try MultiTokenPlan(factor: factor, rule: .refreshed)
                let (prompt, tokens) = (randomTokens(11, below: 160, seed: 1), randomTokens(29, below: 160, seed: 2))
                let decoded = try ExactnessTests.decodedLogits(
                    try LoneSequence(own, options: options), prompt: prompt, then: tokens, plan: plan)
                let without = try ExactnessTests.decodedLogits(
                    try LoneSequence(plain, options: options), prompt: prompt, then: tokens, plan: plan)
                for count in decoded.indices {
                    // The logits after `count` tokens come from the pass over position 11 + count − 1.
                    let place = count == 0 ? 0 : (count - 1) % factor
                    #expect((decoded[count] == without[count]) == (place == 0), "factor \(factor), token \(count)")
                    let whole = try LoneSequence(own, options: options)
                    try whole.begin(prompt, plan: plan)
                    for token in tokens[..<count] { try whole.append(token) }
                    while whole.isBehind { whole.step(rowLimit: count.isMultiple(of: 2) ? .max : 3) }
                    #expect(largestDifference(whole.logits, decoded[count]) < 2e-4, "factor \(factor), token \(count)")
                }
            }
        }
    }

    @Test("in a batch each sequence gets the bits that it gets alone", arguments: [StorageFormat.f32, .q8_0])
    func batches(_ format: StorageFormat) throws {
        let (_, own) = try Self.models(format)
        let options = SessionOptions(threadCount: 2)
        let plans: [any DecodePlan] = [
            try MultiTokenPlan(factor: 4, rule: .refreshed), .vanilla, try VerifiedPlan(factor: 3),
            try AdaptivePlan(maximum: 6, threshold: 0.01, rule: .refreshed),
            try MultiTokenPlan(factor: 3, rule: .refreshed),
        ]
        let engine = try Engine(own, options: options, batchSize: plans.count)
        let together = plans.map { _ in LoneSequence(in: engine) }
        var running: [LoneSequence] = []
        let tokens = randomTokens(30, below: 160, seed: 3)
        for (index, sequence) in together.enumerated() {
            try sequence.begin(randomTokens(4 + 5 * index, below: 160, seed: UInt64(index)), plan: plans[index])
            sequence.run()
            for other in running { try other.append(tokens[other.tokens.count % 30]) }
            running.append(sequence)
            engine.run(running)
        }
        for _ in 0..<20 {
            for sequence in running { try sequence.append(tokens[sequence.tokens.count % 30]) }
            engine.run(running)
        }
        for (index, sequence) in together.enumerated() {
            let alone = try LoneSequence(own, options: options)
            try alone.begin(Array(sequence.tokens[..<(4 + 5 * index)]), plan: plans[index])
            alone.run()
            for token in sequence.tokens[(4 + 5 * index)...] {
                try alone.append(token)
                alone.run()
            }
            #expect((Array(alone.logits) == Array(sequence.logits)) as Bool, "\(plans[index].name)")
        }
    }

    @Test("an add-on decodes what PyTorch recorded by full recomputation, alone and joined to its model")
    func recorded() throws {
        let head = Goldens.url("dmtd/qwen3-tied-head").path
        let directory = try TemporaryDirectory()
        let base = Goldens.url("dmtd/qwen3-tied").path
        try Packer(Checkpoint.open(base), head: Checkpoint.open(head), options: PackOptions())
            .write(to: directory.path + "/joined", progress: { _ in }, isCancelled: { false })
        let cases = try Goldens.decode([GoldenTests.Case].self, "dmtd/qwen3-tied-head/cases.json")
        #expect(cases.count == 16)
        for model in [try Model(path: base).with(cycleHead: head), try Model(path: directory.path + "/joined")] {
            for golden in cases {
                let sequence = try LoneSequence(model.stack, options: golden.options(.f32))
                #expect(
                    try greedy(sequence, golden.prompt, golden.plan(), count: golden.tokens.count) == golden.tokens,
                    "\(golden)")
            }
        }
    }

    @Test("an exported head is loaded, packed and used; another model's, and kept head history, are refused by name")
    func files() throws {
        let directory = try TemporaryDirectory()
        let base = try Model(path: Goldens.url("dmtd/qwen3-tied").path)
        let stack = base.stack
        /// Writes the model's own head as an add-on of a model with these norms.
        func export(_ norms: [Double]) throws {
            let copy = try AlteredCheckpoint("dmtd/qwen3-tied")
            copy.configuration = [
                "head_of": ["name": "qwen3-tied", "norms": norms],
                "num_decoding_layers": stack.configuration.headLayerCount,
                "mtp_horizon": 6, "dmtd_head_history": "refreshed",
            ]
            let names = (stack.configuration.trunkLayerCount..<stack.configuration.layerCount).map {
                "model.layers.\($0)."
            }
            copy.tensors = copy.tensors.reduce(into: [:]) { head, tensor in
                let isHead = tensor.key == "model.norm.weight" || names.contains { tensor.key.hasPrefix($0) }
                if isHead { head["head." + tensor.key] = tensor.value }
            }
            let files = FileManager.default
            let (from, to) = (try copy.write(), directory.path + "/own")
            try? files.removeItem(atPath: to)
            try files.createDirectory(atPath: to, withIntermediateDirectories: true)
            try files.copyItem(atPath: from + "/config.json", toPath: to + "/head.json")
            try files.copyItem(atPath: from + "/model.safetensors", toPath: to + "/head.safetensors")
        }
        try export(stack.normMeans)
        let own = try base.with(cycleHead: directory.path + "/own")
        #expect(own.configuration.hasCycleHead && own.configuration.trainedFactor == 6)
        #expect(own.configuration.rule == .refreshed)
        let plan = try own.plan(for: .multiToken(4), options: SessionOptions())
        #expect(try own.plan(for: .automatic, options: SessionOptions()).name == "auto")
        let (left, right) = (try LoneSequence(own.stack), try LoneSequence(base.stack))
        #expect(try greedy(left, [5, 6, 7], plan, count: 30) == greedy(right, [5, 6, 7], plan, count: 30))
        #expect(throws: PlanError.headNeedsRefresh) {
            try own.plan(
                for: .multiToken(4), rule: CycleRule.Overrides(headHistory: .kept), options: SessionOptions())
        }
        let add = directory.path + "/own"
        #expect(try Checkpoint.open(add).warnings().isEmpty)
        #expect(throws: CheckpointError.missingPart(path: add, part: "model")) { try Model(path: add) }
        let packed = directory.path + "/packed"
        try Packer(Checkpoint.open(directory.path + "/own"), options: PackOptions())
            .write(to: packed, progress: { _ in }, isCancelled: { false })
        let repacked = try base.with(cycleHead: packed)
        #expect(try greedy(try LoneSequence(repacked.stack), [5, 6, 7], plan, count: 30) == left.tokens.suffix(30))
        try export(stack.normMeans.map { $0 + 0.01 })
        #expect(throws: CycleHeadError.otherModel(head: "own", base: "qwen3-tied")) {
            try base.with(cycleHead: directory.path + "/own")
        }
    }
}
