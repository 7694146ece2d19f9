import Decoding
import Foundation
import Models
import Tensors
import TestSupport
import Testing
import Weights

/// Tokens and logits recorded by full recomputation in PyTorch.
struct GoldenTests {
    static let models = ["qwen3-tied", "qwen3-untied-bf16-sharded", "llama-ropescaled"]

    struct Case: Decodable, CustomStringConvertible {
        let prompt: [Int]
        let cycle: Int
        let phase: String
        let window: Int
        let sinks: Int
        let tokens: [Int]
        let lastLogits: [Float]

        var description: String {
            "prompt of \(prompt.count), cycle \(cycle), \(phase) phase, window \(window), sinks \(sinks)"
        }

        enum CodingKeys: String, CodingKey {
            case prompt, cycle, phase, window, sinks, tokens
            case lastLogits = "last_logits"
        }

        func plan() throws -> any DecodePlan {
            guard cycle > 0 else { return .vanilla }
            return try MultiTokenPlan(factor: cycle, phase: try #require(CyclePhase(rawValue: phase)))
        }

        func options(_ kvFormat: KVFormat, threadCount: Int = 2) -> SessionOptions {
            SessionOptions(
                threadCount: threadCount, kvFormat: kvFormat, window: window == 0 ? nil : window, sinkCount: sinks)
        }
    }

    static func load(_ name: String) throws -> (LayerStack, [Case]) {
        let checkpoint = try Checkpoint.open(Goldens.url("dmtd/\(name)").path)
        return (try LayerStack(checkpoint: checkpoint), try Goldens.decode([Case].self, "dmtd/\(name)/cases.json"))
    }

    @Test("every recorded token and logit comes out again", arguments: models)
    func reproduced(name: String) throws {
        let (model, cases) = try Self.load(name)
        for golden in cases {
            let context = try DecodingContext(model, options: golden.options(.f32))
            let tokens = try greedy(context, golden.prompt, golden.plan(), count: golden.tokens.count)
            #expect(tokens == golden.tokens, "\(name): \(golden)")
            context.run()
            let difference = zip(context.logits, golden.lastLogits).map { abs($0 - $1) }.max() ?? .infinity
            #expect(difference < 1e-3, "\(name): \(golden): logits differ by \(difference)")
        }
    }

    @Test("packed checkpoints are the same models", arguments: zip(models, PackOptions.Compression.allCases))
    func packed(name: String, compression: PackOptions.Compression) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/packed"
        try Packer(
            Checkpoint.open(Goldens.url("dmtd/\(name)").path),
            options: PackOptions(compression: compression, shardByteCount: 100_000)
        ).write(to: path, progress: { _ in }, isCancelled: { false })
        let model = try LayerStack(checkpoint: Checkpoint.open(path).loaded(threadCount: 2))
        for golden in try Goldens.decode([Case].self, "dmtd/\(name)/cases.json") {
            let context = try DecodingContext(model, options: golden.options(.f32))
            let tokens = try greedy(context, golden.prompt, golden.plan(), count: golden.tokens.count)
            #expect(tokens == golden.tokens, "\(name): \(golden)")
        }
    }

    @Test("float16 keys and values change no recorded token", arguments: models)
    func halfPrecisionCache(name: String) throws {
        let (model, cases) = try Self.load(name)
        for golden in cases {
            let context = try DecodingContext(model, options: golden.options(.f16))
            let tokens = try greedy(context, golden.prompt, golden.plan(), count: golden.tokens.count)
            #expect(tokens == golden.tokens, "\(name): \(golden)")
        }
    }
}

/// `count` greedy tokens after `prompt`; the last is not run.
func greedy(_ context: DecodingContext, _ prompt: [Int], _ plan: any DecodePlan, count: Int) throws -> [Int] {
    let generation = try DecodingLoop(
        context, prompt: prompt, plan: plan,
        options: GenerationOptions(maximumTokens: count, ignoresEnd: true), tokenizer: nil, endTokens: [])
    var tokens: [Int] = []
    while let token = try generation.step() { tokens.append(token.id) }
    return tokens
}
