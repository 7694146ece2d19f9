import Decoding
import Foundation
import Models
import Tensors
import TestSupport
import Testing
import Weights

/// Tokens, decisions, gates and logits of routed checkpoints, recorded by full recomputation in PyTorch.
struct RoutedGoldenTests {
    static let models = ["flexidepth", "flexidepth-tanh-norm", "mindskip", "mixture-of-depths"]

    struct Case: Decodable {
        let prompt: [Int]
        let tokens: [Int]
        /// The share of each routed layer that each position ran.
        let mask: [[Double]]
        let gates: [[Float]]
        let layersUsed: [Double]
        /// The first eight logits for the first and for the last token.
        let prefillLogits: [Float]
        let lastLogits: [Float]

        enum CodingKeys: String, CodingKey {
            case prompt, tokens, mask, gates
            case layersUsed = "layers_used"
            case prefillLogits = "prefill_logits"
            case lastLogits = "last_logits"
        }
    }

    private static func check(_ golden: Case, _ model: LayerStack, _ options: SessionOptions) throws {
        let plan = try model.configuration.plan(for: .automatic)
        let session = try LoneSequence(model, options: options)
        try session.begin(golden.prompt, plan: plan)
        session.run()
        #expect(largestDifference(session.logits.prefix(8), golden.prefillLogits) < 1e-3)

        let generated = try LoneSequence(model, options: options)
        let tokens = try greedy(generated, golden.prompt, plan, count: golden.tokens.count)
        #expect(tokens == golden.tokens)
        #expect(largestDifference(generated.logits.prefix(8), golden.lastLogits) < 1e-3)
        #expect(generated.depths.layersUsed == golden.layersUsed)
        let layers = try #require(model.configuration.routing).layers
        for position in golden.mask.indices {
            let ran = layers.map { generated.depths.share($0, at: position) }
            let gates = layers.map { generated.depths.gate($0, at: position) ?? .nan }
            #expect(ran == golden.mask[position], "position \(position)")
            #expect(largestDifference(gates, golden.gates[position]) < 1e-3, "position \(position)")
        }
    }

    @Test("decoding gives every recorded token, decision, gate and logit", arguments: models)
    func reproduced(name: String) throws {
        let model = try LayerStack(checkpoint: Checkpoint.open(Goldens.url(name).path))
        for golden in try Goldens.decode([Case].self, "\(name)/cases.json") {
            try Self.check(golden, model, SessionOptions(threadCount: 2, kvFormat: .f32))
        }
    }

    @Test("packed checkpoints keep routers and adapters", arguments: models)
    func packed(name: String) throws {
        let directory = try TemporaryDirectory()
        try Packer(
            Checkpoint.open(Goldens.url(name).path), options: PackOptions(shardByteCount: 100_000)
        ).write(to: directory.path + "/packed", progress: { _ in }, isCancelled: { false })
        try Unpacker(Checkpoint.open(directory.path + "/packed"))
            .write(to: directory.path + "/unpacked", progress: { _ in }, isCancelled: { false })
        let golden = try #require(try Goldens.decode([Case].self, "\(name)/cases.json").last)
        for form in ["packed", "unpacked"] {
            let checkpoint = try Checkpoint.open(directory.path + "/" + form)
            #expect(checkpoint.faults(threadCount: 2, progress: { _ in }).isEmpty)
            let model = try LayerStack(checkpoint: checkpoint.loaded(threadCount: 2))
            try Self.check(golden, model, SessionOptions(threadCount: 2, kvFormat: .f32))
        }
    }

    @Test(
        "quantising a checkpoint leaves its routers as they are",
        arguments: ["flexidepth", "mindskip", "mixture-of-depths"])
    func quantised(name: String) throws {
        let directory = try TemporaryDirectory()
        var options = PackOptions()
        options.format = .q8_0
        let source = try Checkpoint.open(Goldens.url(name).path)
        try Packer(source, options: options)
            .write(to: directory.path + "/packed", progress: { _ in }, isCancelled: { false })
        let packed = try Checkpoint.open(directory.path + "/packed")
        for name in source.tensorNames where name.hasPrefix("model.layers.4.") && source.hasTensor(name) {
            let isRouter = name.contains("router.")
            let isMatrix = try source.tensor(name).shape.count > 1
            let holdsBlocks = try source.tensor(name).shape.last.map { $0.isMultiple(of: 32) } ?? false
            #expect(
                try packed.tensor(name).format == (isRouter || !isMatrix || !holdsBlocks ? .bf16 : .q8_0), "\(name)")
        }
        #expect(packed.tensorNames == source.tensorNames)
    }
}
