import Decoding
import Foundation
import Models
import Tensors
import TestSupport
import Testing
import Weights

/// Mixtures of experts: tokens, logits and chosen experts, recorded with transformers' layers.
struct ExpertTests {
    private static let files = ["mixed", "qwen3moe", "qwen3moe/model.gguf"]

    private struct Routes: Decodable {
        let prompt: [Int]
        let cycle: Int
        let tokens: [Int]
        /// [position of prompt and tokens][sparse layer][chosen expert, ascending]
        let experts: [[[Int]]]
    }

    private static func cases(_ file: String) throws -> [GoldenTests.Case] {
        let folder = file.prefix { $0 != "/" }
        return try Goldens.decode([GoldenTests.Case].self, "moe/\(folder)/cases.json")
    }

    private static func stack(_ path: String) throws -> LayerStack {
        try LayerStack(checkpoint: Checkpoint.open(path).loaded(threadCount: 2), headLayers: 8)
    }

    private static func check(_ stack: LayerStack, _ cases: [GoldenTests.Case]) throws {
        for golden in cases {
            let sequence = try LoneSequence(stack, options: golden.options(.f32))
            let tokens = try greedy(sequence, golden.prompt, golden.plan(), count: golden.tokens.count)
            #expect(tokens == golden.tokens, "\(golden)")
            sequence.run()
            #expect(largestDifference(sequence.logits, golden.lastLogits) < 1e-3, "\(golden)")
        }
    }

    @Test("every recorded token and logit is decoded, from safetensors and GGUF", arguments: files)
    func recorded(file: String) throws {
        let cases = try Self.cases(file)
        #expect(cases.count == 27)
        try Self.check(Self.stack(Goldens.url("moe/\(file)").path), cases)
    }

    @Test("every token runs the recorded experts", arguments: files)
    func routes(file: String) throws {
        let stack = try Self.stack(Goldens.url("moe/\(file)").path)
        let sparse = stack.layers.compactMap { layer -> ObjectIdentifier? in
            guard case .experts(let experts) = layer.feedForward else { return nil }
            return ObjectIdentifier(experts)
        }
        let folder = file.prefix { $0 != "/" }
        let goldens = try Goldens.decode([Routes].self, "moe/\(folder)/cases.json")
        for (golden, given) in zip(try Self.cases(file), goldens) {
            let sequence = try LoneSequence(stack, options: golden.options(.f32))
            let profile = PassProfile()
            sequence.profile = profile
            try sequence.begin(golden.prompt, plan: golden.plan())
            for token in golden.tokens { try sequence.append(token) }
            sequence.run()
            // Each layer runs once for each position, and in their order.
            for (place, layer) in sparse.enumerated() {
                let chosen = profile.expertPasses.filter { $0.experts == layer }.flatMap(\.chosen)
                let expected = given.experts.map { $0[place] }
                #expect(chosen == Array(expected.prefix(chosen.count)), "\(golden): sparse layer \(place)")
                #expect(chosen.count > given.prompt.count)
            }
        }
    }

    @Test("packing keeps routers in float32 and experts as tensors of their own")
    func packed() throws {
        let directory = try TemporaryDirectory()
        for (name, format) in [("plain", nil), ("small", StorageFormat.q8_0)] {
            try Packer(
                Checkpoint.open(Goldens.url("moe/qwen3moe").path),
                options: PackOptions(format: format, shardByteCount: 300_000)
            ).write(to: directory.path + "/" + name, progress: { _ in }, isCancelled: { false })
        }
        try Self.check(Self.stack(directory.path + "/plain"), Self.cases("qwen3moe"))
        let small = try Checkpoint.open(directory.path + "/small")
        let formats = small.summary.reduce(into: [:]) { $0[$1.name] = $1.format }
        #expect(formats["model.layers.3.mlp.gate.weight"] == "f32")
        #expect(formats["model.layers.3.mlp.experts.7.up_proj.weight"] == "q8_0")
        _ = try Self.stack(directory.path + "/small")
    }

    @Test("experts that are stacked as in transformers 5 are the same model")
    func stacked() throws {
        let altered = try AlteredCheckpoint("moe/mixed")
        for layer in 0..<10 {
            let name = "model.layers.\(layer).mlp.experts"
            func stack(_ parts: [String]) -> AlteredCheckpoint.Tensor? {
                let tensors = (0..<6).flatMap { expert in
                    parts.compactMap { altered.tensors.removeValue(forKey: "\(name).\(expert).\($0).weight") }
                }
                guard let first = tensors.first else { return nil }
                return AlteredCheckpoint.Tensor(
                    dtype: first.dtype, shape: [6, first.shape[0] * parts.count, first.shape[1]],
                    bytes: tensors.reduce(Data()) { $0 + $1.bytes })
            }
            altered.tensors["\(name).gate_up_proj"] = stack(["gate_proj", "up_proj"])
            altered.tensors["\(name).down_proj"] = stack(["down_proj"])
        }
        try Self.check(Self.stack(altered.write()), Self.cases("mixed"))
    }

    @Test(
        "decoding gives the bits of recomputation, alone and in a batch",
        arguments: [StorageFormat.f32, .q8_0, .q4_0, .bf16])
    func exact(_ format: StorageFormat) throws {
        var shape = SyntheticModel(layers: 8, headLayers: 4, feedForward: 64, format: format)
        shape.experts = 5
        let stack = try shape.build()
        let options = SessionOptions(threadCount: 2)
        let plans: [any DecodePlan] = [
            .vanilla, try MultiTokenPlan(factor: 4), try VerifiedPlan(factor: 3), try DraftedPlan(.text),
            try MultiTokenPlan(factor: 3, rule: .refreshed),
        ]
        let prompts = plans.indices.map { randomTokens(3 + 3 * $0, below: 160, seed: UInt64($0)) }
        let engine = try Engine(stack, options: options, batchSize: plans.count)
        let together = plans.map { _ in LoneSequence(in: engine) }
        for (index, sequence) in together.enumerated() { try sequence.begin(prompts[index], plan: plans[index]) }
        engine.run(together)
        let tokens = randomTokens(20, below: 160, seed: 9)
        for token in tokens {
            for sequence in together { try sequence.append(token) }
            engine.run(together)
        }
        for index in plans.indices {
            let (alone, whole) = (
                try LoneSequence(stack, options: options), try LoneSequence(stack, options: options)
            )
            try alone.begin(prompts[index], plan: plans[index])
            alone.run()
            try whole.begin(prompts[index], plan: plans[index])
            for token in tokens {
                try alone.append(token)
                alone.run()
                try whole.append(token)
            }
            while whole.isBehind { whole.step(rowLimit: 5) }
            #expect((Array(alone.logits) == Array(together[index].logits)) as Bool, "\(plans[index].name)")
            #expect((Array(alone.logits) == Array(whole.logits)) as Bool, "\(plans[index].name)")
        }
    }

    @Test("of equally probable experts the lower ones run; a pass reads each expert of the union once")
    func ties() throws {
        let altered = try AlteredCheckpoint("moe/qwen3moe")
        for layer in 0..<11 { altered.change("model.layers.\(layer).mlp.gate.weight") { $0 = $0.map { _ in 0 } } }
        let sequence = try LoneSequence(Self.stack(altered.write()))
        let profile = PassProfile()
        sequence.profile = profile
        try sequence.begin([1, 2, 3, 4])
        sequence.run()
        #expect(profile.expertPasses.count == 11)
        #expect(profile.expertPasses.allSatisfy { $0.chosen == Array(repeating: [0, 1, 2], count: 4) })
        #expect(profile.expertPasses.allSatisfy { $0.unionCount == 3 })
    }

    @Test("fields and tensors that contradict each other are refused by name, and so are plans that merge experts")
    func refusals() throws {
        func message(_ change: (AlteredCheckpoint) throws -> Void) throws -> String {
            let altered = try AlteredCheckpoint("moe/mixed")
            try change(altered)
            do {
                _ = try Self.stack(altered.write())
                return ""
            } catch { return "\(error)" }
        }
        let router = "model.layers.1.mlp.gate.weight"
        #expect(try message { $0.configuration["num_experts_per_tok"] = 7 }.contains("more than num_experts 6"))
        #expect(try message { $0.configuration["num_experts"] = 7 }.contains(router))
        #expect(try message { $0.configuration["num_experts"] = 0 }.contains("num_experts"))
        #expect(try message { $0.configuration["mlp_only_layers"] = [10] }.contains("mlp_only_layers"))
        #expect(try message { $0.configuration["decoder_sparse_step"] = 11 }.contains("no sparse layer"))
        #expect(try message { $0.configuration["n_shared_experts"] = 1 }.contains("n_shared_experts"))
        #expect(try message { $0.configuration["model_type"] = "qwen3" }.contains("num_experts"))
        #expect(try message { $0.configuration["routing_layers"] = [1] }.contains("routing_layers"))
        #expect(
            try message { $0.tensors["model.layers.1.mlp.experts.2.up_proj.weight"] = nil }
                .contains("mlp.experts.2.up_proj"))
        #expect(try message { $0.change(router) { $0[3] = .nan } }.contains("not finite"))
        let stack = try Self.stack(Goldens.url("moe/mixed").path)
        #expect(throws: PlanError.experts(plan: "laco:3")) {
            try LayerCollapse(of: stack, leavingOut: 3, on: [1, 2, 3], options: SessionOptions())
        }
    }
}
