import Decoding
import Foundation
import JSON
import Models
import Tensors
import TestSupport
import Testing
import Weights

/// Tokens and logits of a Qwen3 with YaRN, recorded by full recomputation in PyTorch (Goldens/yarn/make.py).
struct YarnGoldenTests {
    struct Variant: Decodable {
        let name: String
        let cases: [GoldenTests.Case]
    }

    /// The recorded weights with this variant's `rope_scaling`, the last two layers being the head.
    private static func load(_ index: Int) throws -> LayerStack {
        let directory = try TemporaryDirectory()
        let source = Goldens.url("yarn")
        var fields = try #require(Checkpoint.open(source.path).configuration.objectValue)
        let recorded = try JSONValue(
            parsing: Array(Data(contentsOf: source.appending(path: "cases.json"))), limits: .longList)
        fields["rope_scaling"] = recorded.arrayValue?[index]["rope"]
        fields["rope_parameters"] = nil
        fields["rope_theta"] = .int(10000)
        try directory.write(JSONValue.object(fields).text, "config.json")
        try directory.write(Array(Data(contentsOf: source.appending(path: "model.safetensors"))), "model.safetensors")
        return try LayerStack(checkpoint: Checkpoint.open(directory.path).loaded(threadCount: 1), headLayers: 2)
    }

    @Test("vanilla, cycles and windows give every recorded token and logit", arguments: 0..<4)
    func reproduced(_ index: Int) throws {
        let variant = try Goldens.decode([Variant].self, "yarn/cases.json")[index]
        let model = try Self.load(index)
        for golden in variant.cases {
            let context = try LoneSequence(model, options: golden.options(.f32))
            let tokens = try greedy(context, golden.prompt, golden.plan(), count: golden.tokens.count)
            #expect(tokens == golden.tokens, "\(variant.name): \(golden)")
            context.run()
            let difference = zip(context.logits, golden.lastLogits).map { abs($0 - $1) }.max() ?? .infinity
            #expect(difference < 1e-3, "\(variant.name): \(golden): logits differ by \(difference)")
        }
    }
}
