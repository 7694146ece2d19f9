import Decoding
import Foundation
import Models
import Tensors
import TestSupport
import Testing
import Tokens
import Weights

private let smolLM2 = ProcessInfo.processInfo.environment["VOLLEY_SMOLLM2"].flatMap {
    FileManager.default.isReadableFile(atPath: $0) ? $0 : nil
}

/// Tests with a real model of English: `make smollm2` fetches it, and `VOLLEY_SMOLLM2` is its path.
@Suite(.enabled(if: smolLM2 != nil, "VOLLEY_SMOLLM2 names no file"))
struct SmolLM2Tests {
    /// Below this difference of two logits, float32 sums in another order may choose the other token.
    static let nearTie: Float = 0.02

    struct Greedy: Decodable {
        let cases: [Case]

        struct Case: Decodable {
            let name: String
            let text: String
            let promptIDs: [Int]
            /// Tokens of transformers in float32, and the margins of its first choice over its second.
            let tokens: [Int]
            let margins: [Float]
            /// The effect of 8-bit activations: root mean square difference of llama.cpp's logits from float32's at the prompt's
            /// last position.
            let llamaCppNoise: Double

            enum CodingKeys: String, CodingKey {
                case name, text, margins
                case llamaCppNoise = "llama_cpp_noise"
                case promptIDs = "prompt_ids"
                case tokens = "transformers_tokens"
            }
        }
    }

    private static func load() throws -> Model { try Model(path: #require(smolLM2)) }

    @Test("ten prompts: the ids and the 32 greedy tokens of transformers, except from a near-tie on")
    func greedyTokens() throws {
        let model = try Self.load()
        let cases = try Goldens.decode(Greedy.self, "smollm2/greedy.json").cases
        #expect(cases.count == 10)
        for golden in cases {
            #expect(try model.requireTokenizer().encode(golden.text, addSpecial: true) == golden.promptIDs)
            let context = try LoneSequence(model.stack, options: SessionOptions(threadCount: 2))
            let tokens = try greedy(context, golden.promptIDs, .vanilla, count: golden.tokens.count)
            let same = zip(tokens, golden.tokens).prefix { $0 == $1 }.count
            #expect(same == 32 || golden.margins[same] < Self.nearTie, "\(golden.name) differs from token \(same) on")
        }
    }

    @Test("it knows the capital of France and ends its answer")
    func capital() throws {
        let model = try Self.load()
        let generator = Generator(model, options: SessionOptions(threadCount: 2))
        try generator.begin(
            model.tokens(of: [.user("What is the capital of France?")]), plan: .vanilla,
            options: GenerationOptions(maximumTokens: 20).filled(from: model.generationDefaults))
        var answer = ""
        while let token = try generator.step() { answer += token.text }
        #expect(answer == "The capital of France is Paris.")
    }

    @Test("factors run on a model that was not trained for them, and decoding equals recomputation")
    func factors() throws {
        let model = try Self.load()
        let prompt = try model.requireTokenizer().encode("The sea is", addSpecial: true)
        for factor in [2, 4, 6] {
            let plan = try MultiTokenPlan(factor: factor, rule: .prompt)
            let context = try LoneSequence(model.stack, options: SessionOptions(threadCount: 2))
            let tokens = try greedy(context, prompt, plan, count: 24)
            let logits = try ExactnessTests.recomputedLogits(
                model.stack, SessionOptions(threadCount: 2), prompt: prompt, then: Array(tokens.dropLast()),
                plan: plan)
            #expect(logits.firstIndex(of: logits.max() ?? 0) == tokens.last)
            #expect(context.passes.trunkPasses < tokens.count)
        }
    }

    @Test("a screened lm_head gives the same tokens, and computes few rows", arguments: [StorageFormat.bf16, .f16])
    func screened(format: StorageFormat) throws {
        let contexts = try [false, true].map { screens in
            let model = try Model(path: #require(smolLM2), vocabularyFormat: format, screens: screens)
            return try LoneSequence(model.stack, options: SessionOptions(threadCount: 2))
        }
        let profile = PassProfile()
        contexts[1].profile = profile
        for golden in try Goldens.decode(Greedy.self, "smollm2/greedy.json").cases.prefix(4) {
            for plan in [.vanilla, try MultiTokenPlan(factor: 4)] as [any DecodePlan] {
                let answers = try contexts.map { context in
                    context.truncate(to: 0)
                    return try greedy(context, golden.promptIDs, plan, count: 32)
                }
                #expect(answers[0] == answers[1], "\(golden.name)")
            }
        }
        #expect(profile.exactRows.reduce(0, +) < profile.exactRows.count * 49_152 / 20)
    }

    @Test("rows of 576 values are not whole blocks of q6_K, and the error says so")
    func notScreened() throws {
        let path = try #require(smolLM2)
        #expect(throws: ConfigurationError.noScreen(format: .q8_0, columns: 576)) {
            try Model(path: path, screens: true)
        }
    }

    /// The model with its matrices in `format`, or in their own, and with the same values in float32.
    private static func pair(_ format: StorageFormat?) throws -> (quantised: LayerStack, float32: LayerStack) {
        let directory = try TemporaryDirectory()
        func pack(_ path: String, _ format: StorageFormat?, _ name: String) throws -> String {
            let packed = directory.path + "/" + name
            try Packer(
                try Checkpoint.open(path),
                options: PackOptions(format: format, compression: .none, threadCount: 2)
            ).write(to: packed, progress: { _ in }, isCancelled: { false })
            return packed
        }
        let quantised = try pack(#require(smolLM2), format, "quantised")
        let float32 = try pack(quantised, .f32, "float32")
        return (
            try Model(path: quantised, threadCount: 2).stack,
            try Model(path: float32, threadCount: 2).stack
        )
    }

    /// Differences of logits of quantised weights from those of the same values in float32.
    private struct Distances {
        /// Root mean square difference at each prompt's last position, over that of llama.cpp.
        var noises: [Double] = []
        /// Kullback–Leibler divergence at each position, in nats.
        var divergences: [Double] = []
        /// The margin by which float32 prefers its own choice at each position.
        var losses: [Float] = []

        var meanDivergence: Double { divergences.reduce(0, +) / Double(divergences.count) }
    }

    private static func distances(_ format: StorageFormat?, _ activations: ActivationFormat) throws -> Distances {
        let models = try Self.pair(format)
        let cases = try Goldens.decode(Greedy.self, "smollm2/greedy.json").cases
        let contexts = try [models.quantised, models.float32].map {
            try LoneSequence(
                $0, options: SessionOptions(threadCount: 2, kvFormat: .f32, activations: activations))
        }
        // VOLLEY_LOGIT_CASES=10 takes all 320 positions, which takes longer.
        let count = ProcessInfo.processInfo.environment["VOLLEY_LOGIT_CASES"].flatMap(Int.init) ?? 2
        var distances = Distances()
        for golden in cases.prefix(count) {
            for context in contexts {
                context.truncate(to: 0)
                try context.begin(golden.promptIDs)
                _ = context.run()
            }
            // The noise of llama.cpp with q4_1, the file's format. It rounds activations the same way for the other two.
            distances.noises.append(
                rootMeanSquare(contexts[0].logits, contexts[1].logits) / golden.llamaCppNoise)
            for token in golden.tokens {
                let (ours, exact) = (Array(contexts[0].logits), Array(contexts[1].logits))
                distances.divergences.append(divergence(of: ours, from: exact))
                distances.losses.append(exact[argmax(exact)] - exact[argmax(ours)])
                for context in contexts {
                    try context.append(token)
                    _ = context.run()
                }
            }
        }
        return distances
    }

    @Test(
        "logits of quantised weights are nearer to those of the same weights in float32 than llama.cpp's, and choose the same",
        arguments: [nil, StorageFormat.q8_0, .q4_0])
    func nearFloat32(format: StorageFormat?) throws {
        let distances = try Self.distances(format, .int16)
        #expect(distances.noises.allSatisfy { $0 < 0.1 }, "\(distances.noises)")
        #expect(distances.losses.allSatisfy { $0 < Self.nearTie }, "\(distances.losses)")
        #expect(distances.meanDivergence < 1e-5, "\(distances.meanDivergence)")
    }

    /// llama.cpp's divergence is 3.2e-3 to 3.5e-3 on average (docs/how-it-works.md); single texts are above or below.
    @Test(
        "activations of 8 bits stay as near to float32 as those of other runtimes",
        arguments: [nil, StorageFormat.q8_0, .q4_0])
    func narrowActivations(format: StorageFormat?) throws {
        let distances = try Self.distances(format, .int8)
        let same = Double(distances.losses.count { $0 == 0 }) / Double(distances.losses.count)
        #expect(distances.meanDivergence < 6e-3, "\(distances.meanDivergence)")
        #expect(same > 0.9, "\(same)")
    }
}

private func argmax(_ logits: [Float]) -> Int { logits.indices.max { logits[$0] < logits[$1] } ?? 0 }

private func rootMeanSquare(_ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>) -> Double {
    (zip(a, b).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) } / Double(a.count)).squareRoot()
}

/// Kullback–Leibler divergence of softmax(logits) from softmax(reference), in nats.
private func divergence(of logits: [Float], from reference: [Float]) -> Double {
    func logProbabilities(_ logits: [Float]) -> [Double] {
        let largest = Double(logits.max() ?? 0)
        let total = log(logits.reduce(0) { $0 + exp(Double($1) - largest) })
        return logits.map { Double($0) - largest - total }
    }
    let (ours, exact) = (logProbabilities(logits), logProbabilities(reference))
    return zip(ours, exact).reduce(0) { $0 + exp($1.1) * ($1.1 - $1.0) }
}
