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
        /// Nil for vanilla, the paper's rule and the absolute rule.
        let promptInput: String?
        let history: String?
        /// Nil for kept head history.
        let headHistory: String?
        let window: Int
        let sinks: Int
        let tokens: [Int]
        let lastLogits: [Float]
        /// What vanilla would have chosen in place of each token; only with refreshed head history.
        let vanillaChoice: [Int]?

        var description: String {
            "prompt of \(prompt.count), cycle \(cycle), \(phase) phase, \(promptInput ?? "its") prompt input, "
                + "\(history ?? "real") history, \(headHistory ?? "kept") head history, window \(window), sinks \(sinks)"
        }

        enum CodingKeys: String, CodingKey {
            case prompt, cycle, phase, history, window, sinks, tokens
            case promptInput = "prompt_input"
            case headHistory = "head_history"
            case lastLogits = "last_logits"
            case vanillaChoice = "vanilla_choice"
        }

        func plan() throws -> any DecodePlan {
            guard cycle > 0 else { return .vanilla }
            let rule = try CycleRule(
                phase: try #require(CyclePhase(rawValue: phase)),
                promptInput: try promptInput.map { try #require(PromptInput(rawValue: $0)) },
                history: try #require(TrunkHistory(rawValue: history ?? "real")),
                headHistory: try #require(HeadHistory(rawValue: headHistory ?? "kept")))
            return try MultiTokenPlan(factor: cycle, rule: rule)
        }

        func options(_ kvFormat: KVFormat, threadCount: Int = 2) -> SessionOptions {
            SessionOptions(
                threadCount: threadCount, kvFormat: kvFormat, window: window == 0 ? nil : window, sinkCount: sinks)
        }
    }

    static func load(_ name: String) throws -> (LayerStack, [Case]) {
        let checkpoint = try Checkpoint.open(Goldens.url("dmtd/\(name)").path)
        return (try LayerStack(checkpoint: checkpoint), try cases(name))
    }

    static func cases(_ name: String) throws -> [Case] {
        let lists = ["cases", "rules"] + (name == "qwen3-untied-bf16-sharded" ? [] : ["refreshed"])
        return try lists.flatMap { try Goldens.decode([Case].self, "dmtd/\(name)/\($0).json") }
    }

    @Test("recomputing a recorded sequence in one pass, or in chunks, gives the recorded logits", arguments: models)
    func recomputed(name: String) throws {
        let (model, cases) = try Self.load(name)
        for (index, golden) in cases.enumerated() {
            let context = try LoneSequence(model, options: golden.options(.f32))
            try context.begin(golden.prompt, plan: golden.plan())
            for token in golden.tokens { try context.append(token) }
            while context.isBehind { context.step(rowLimit: [.max, 1, 5][index % 3]) }
            let difference = largestDifference(context.logits, golden.lastLogits)
            #expect(difference < 1e-3, "\(name): \(golden): logits differ by \(difference)")
        }
    }

    @Test("recorded sequences decoded together give the recorded logits", arguments: models)
    func batched(name: String) throws {
        let (model, cases) = try Self.load(name)
        for (_, cases) in Dictionary(grouping: cases, by: { [$0.window, $0.sinks, $0.tokens.count] }) {
            for first in stride(from: 0, to: cases.count, by: 16) {
                let goldens = cases[first..<min(first + 16, cases.count)]
                let engine = try Engine(model, options: goldens[first].options(.f32), batchSize: 16)
                let contexts = goldens.map { _ in LoneSequence(in: engine) }
                for (golden, context) in zip(goldens, contexts) {
                    try context.begin(golden.prompt, plan: golden.plan())
                    context.run()
                }
                for index in goldens[first].tokens.indices {
                    for (golden, context) in zip(goldens, contexts) { try context.append(golden.tokens[index]) }
                    engine.run(contexts)
                }
                for (golden, context) in zip(goldens, contexts) {
                    let difference = largestDifference(context.logits, golden.lastLogits)
                    #expect(difference < 1e-3, "\(name): \(golden): logits differ by \(difference)")
                }
            }
        }
    }

    @Test("decoding gives every recorded token and logit", arguments: models)
    func reproduced(name: String) throws {
        let (model, cases) = try Self.load(name)
        for golden in cases {
            let context = try LoneSequence(model, options: golden.options(.f32))
            let tokens = try greedy(context, golden.prompt, golden.plan(), count: golden.tokens.count)
            #expect(tokens == golden.tokens, "\(name): \(golden)")
            context.run()
            let difference = zip(context.logits, golden.lastLogits).map { abs($0 - $1) }.max() ?? .infinity
            #expect(difference < 1e-3, "\(name): \(golden): logits differ by \(difference)")
        }
    }

    @Test("packed checkpoints give the same tokens", arguments: zip(models, PackOptions.Compression.allCases))
    func packed(name: String, compression: PackOptions.Compression) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/packed"
        try Packer(
            Checkpoint.open(Goldens.url("dmtd/\(name)").path),
            options: PackOptions(compression: compression, shardByteCount: 100_000)
        ).write(to: path, progress: { _ in }, isCancelled: { false })
        let model = try LayerStack(checkpoint: Checkpoint.open(path).loaded(threadCount: 2))
        for golden in try Self.cases(name) {
            let context = try LoneSequence(model, options: golden.options(.f32))
            let tokens = try greedy(context, golden.prompt, golden.plan(), count: golden.tokens.count)
            #expect(tokens == golden.tokens, "\(name): \(golden)")
        }
    }

    @Test("float16 keys and values change no recorded token", arguments: models)
    func halfPrecisionCache(name: String) throws {
        let (model, cases) = try Self.load(name)
        for golden in cases {
            let context = try LoneSequence(model, options: golden.options(.f16))
            let tokens = try greedy(context, golden.prompt, golden.plan(), count: golden.tokens.count)
            #expect(tokens == golden.tokens, "\(name): \(golden)")
        }
    }
}

/// `count` greedy tokens after `prompt`; the last is not run.
func greedy(_ context: LoneSequence, _ prompt: [Int], _ plan: any DecodePlan, count: Int) throws -> [Int] {
    let generation = try context.generate(
        prompt, plan: plan, options: GenerationOptions(maximumTokens: count, ignoresEnd: true))
    var tokens: [Int] = []
    while let token = try generation.step() { tokens.append(token.id) }
    return tokens
}
