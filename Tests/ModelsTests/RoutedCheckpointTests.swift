import Foundation
import JSON
import Models
import TestSupport
import Testing
import Weights

/// The routed checkpoints that load, and the errors for the others.
struct RoutedCheckpointTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// The recorded checkpoint with fields changed (`null` removes one) and tensors renamed.
    private func load(
        _ changes: [String: JSONValue] = [:], renaming names: [(String, String)] = []
    ) throws -> LayerStack {
        let source = Goldens.url("flexidepth")
        var fields = try #require(Checkpoint.open(source.path).configuration.objectValue)
        for (field, value) in changes { fields[field] = value }
        try directory.write(JSONValue.object(fields).text, "config.json")
        var bytes = try Data(contentsOf: source.appending(path: "model.safetensors"))
        for (old, new) in names {
            // Padding keeps the header's length: JSON allows blanks between tokens.
            let quotedOld = Data("\"\(old)\":".utf8)
            let quotedNew = "\"\(new)\":"
            let padded = Data((quotedNew + String(repeating: " ", count: quotedOld.count - quotedNew.utf8.count)).utf8)
            let range = try #require(bytes.range(of: quotedOld), "\(old)")
            bytes.replaceSubrange(range, with: padded)
        }
        try directory.write(Array(bytes), "model.safetensors")
        return try LayerStack(checkpoint: Checkpoint.open(directory.path))
    }

    private func refusal(
        _ changes: [String: JSONValue] = [:], renaming names: [(String, String)] = []
    ) -> String {
        do {
            _ = try load(changes, renaming: names)
            return "loaded"
        } catch {
            return "\(error)".replacing(directory.path, with: "model")
        }
    }

    @Test("the authors' names and fields load; absent factors leave the shapes to the tensors")
    func loads() throws {
        let model = try load()
        #expect(model.configuration.routing?.layers == [4, 5, 6, 7])
        #expect(model.configuration.architecture == .llama)
        _ = try load(["proj_reduction_factor": .null])
        _ = try load(["router_reduction_factor": .null, "proj_reduction_factor": .null])
        _ = try load(["router_order": "tanh_norm"])
        _ = try load(["model_type": "llama"])
    }

    @Test("reduction factors that contradict the tensors' shapes are refused")
    func factors() {
        #expect(
            refusal(["router_reduction_factor": .int(8)])
                == "model: tensor model.layers.4.router.router_enc.weight: it has 16 rows, but the configuration's reduction "
                + "factor asks for 8; the file is damaged: download or convert it again")
        #expect(refusal(["proj_reduction_factor": .int(8)]).contains("router_proj.gate_proj.weight: it has 24 rows"))
        #expect(refusal(["router_reduction_factor": .int(65)]).contains("a whole number from 1 to 64"))
    }

    @Test(
        "lists of routed layers that are none",
        arguments: [.array([]), .array([.int(8)]), .array([.int(-1)]), .array([.int(4), .int(4)]), .int(4), "4"]
            as [JSONValue])
    func routingLayers(_ value: JSONValue) {
        #expect(
            refusal(["routing_layers": value]).hasSuffix(
                "but must be a list of different layer numbers from 0 to 7; "
                    + "correct the checkpoint's configuration or download it again"))
    }

    @Test("other methods under the same model type are refused by name")
    func otherMethods() {
        let diffSkip = (4...7).map {
            ("model.layers.\($0).router.router_enc.weight", "model.layers.\($0).router.skip.weight")
        }
        #expect(
            refusal(renaming: diffSkip)
                == "configuration: model_type 'ddllama' without router.router_enc tensors (a DiffSkip checkpoint) is not "
                + "implemented; use a FlexiDepth checkpoint")
        #expect(refusal(["routing_layers": .null]).contains("routing_layers is missing"))
        #expect(
            refusal(["routing_method": "diffskip"])
                .contains(
                    "routing_method 'diffskip' is not implemented; use a checkpoint of flexidepth, mindskip or mixture_of_depths"
                ))
        #expect(refusal(["routing_method": "mindskip"]).contains("model.layers.4.attention_router.row.weight"))
        #expect(refusal(["routing_method": "mixture_of_depths"]).contains("model.layers.4.router.row.weight"))
        #expect(
            refusal(["router_gate_mode": "ste_hard"])
                .contains("router_gate_mode 'ste_hard' is not implemented"))
        #expect(
            refusal(["router_head_bias_init": .double(2.5)])
                .contains("router_head_bias_init 2.5 is not implemented"))
        #expect(refusal(["mlp_bias": .bool(true)]).contains("mlp_bias true is not implemented"))
        #expect(
            refusal(["router_order": "tanh"])
                .contains("router_order is 'tanh', but must be norm_tanh or tanh_norm"))
        let bias = ("model.layers.5.router.router_norm.weight", "model.layers.5.router.router_enc.bias")
        #expect(
            refusal(renaming: [bias]).contains("biases of routers are not implemented; use a checkpoint without them"))
    }

    @Test("a router in a layer that is not routed is refused")
    func strayRouter() {
        #expect(
            refusal(["routing_layers": .array([.int(4), .int(5), .int(6)])])
                .contains("its layer is none of the configuration's routing_layers"))
        #expect(refusal(["routing_layers": .array([.int(3), .int(4)])]).hasPrefix("model: tensor model.layers."))
        #expect(refusal(["model_type": "llama", "routing_layers": .null]).contains("routing_layers"))
    }
}
