import Decoding
import Models
import Tensors
import TestSupport
import Testing

/// Plans that skip layers without a trained router: LayerSkip's exit, ShortGPT, confidence.
struct SkippingPlanTests {
    private static let exits = SyntheticModel(layers: 5, headLayers: 2)

    /// A model with some of another model's layers.
    private static func model(of whole: LayerStack, layers: [Int]) throws -> LayerStack {
        let configuration = try SyntheticModel(layers: layers.count, headLayers: layers.count).build().configuration
        return LayerStack(
            configuration: configuration, embedding: whole.embedding, layers: layers.map { whole.layers[$0] },
            finalNorm: whole.finalNorm, vocabularyHead: whole.vocabularyHead,
            inverseFrequencies: whole.inverseFrequencies)
    }

    @Test("an exit after N layers equals a model of these layers alone")
    func exit() throws {
        let whole = try Self.exits.build()
        for count in 1...5 {
            let plan = try FixedLayersPlan.exit(after: count, of: whole.configuration)
            let short = try Self.model(of: whole, layers: Array(0..<count))
            let (logits, depths) = try RoutedTests.decoded(whole, plan)
            #expect(try (logits == RoutedTests.decoded(short, .vanilla).logits))
            #expect(depths.layersUsed.allSatisfy { $0 == Double(count) })
        }
        #expect(throws: PlanError.layersOutOfRange(plan: "exit", count: 6, range: 1...5)) {
            try whole.configuration.plan(for: .exit(layers: 6))
        }
    }

    @Test("ShortGPT drops exactly the layers that change the residual least")
    func shortGPT() throws {
        let whole = try Self.exits.build()
        let tokens = randomTokens(40, below: 160, seed: 2)
        let influence = try BlockInfluence(of: whole, on: tokens, options: RoutedTests.options)
        #expect(influence.ofLayers.allSatisfy { (0...2).contains($0) })
        let dropped = Set(influence.ascending.prefix(2))
        #expect(
            dropped.allSatisfy { layer in
                influence.ofLayers.indices.allSatisfy {
                    dropped.contains($0) || influence.ofLayers[$0] >= influence.ofLayers[layer]
                }
            })
        let plan = try FixedLayersPlan.shortGPT(dropping: 2, by: influence)
        let short = try Self.model(of: whole, layers: (0..<5).filter { !dropped.contains($0) })
        #expect(try (RoutedTests.decoded(whole, plan).logits == RoutedTests.decoded(short, .vanilla).logits))
        #expect(throws: PlanError.layersOutOfRange(plan: "shortgpt", count: 5, range: 0...4)) {
            try FixedLayersPlan.shortGPT(dropping: 5, by: influence)
        }
    }

    @Test("a layer that does nothing has no influence")
    func noInfluence() throws {
        let whole = try Self.exits.build()
        let layer = whole.layers[3]
        func silent(_ linear: Linear) -> Linear {
            let zeros = AlignedBuffer<Float>(count: linear.rows * linear.columns)
            return Linear([
                Matrix(
                    rows: linear.rows, columns: linear.columns, format: .f32,
                    bytes: UnsafeRawPointer(zeros.pointer), owner: zeros)
            ])
        }
        var layers = whole.layers
        layers[3] = LayerWeights(
            attentionNorm: layer.attentionNorm, queryKeyValue: layer.queryKeyValue, queryNorm: layer.queryNorm,
            keyNorm: layer.keyNorm, attentionOutput: silent(layer.attentionOutput),
            feedForwardNorm: layer.feedForwardNorm,
            feedForward: .dense(
                gateUp: layer.feedForward.matrices[0], down: silent(layer.feedForward.matrices[1])))
        let influence = try BlockInfluence(
            of: whole.replacing(layers: layers), on: randomTokens(40, below: 160, seed: 2),
            options: RoutedTests.options)
        #expect(influence.ascending[0] == 3)
        #expect(abs(influence.ofLayers[3]) < 1e-9)
    }

    @Test("confidence: tokens exit at different layers, also in shared passes; none exits at 1, all exit early at 0")
    func confidence() throws {
        let model = try SyntheticModel().build()
        let plan = try SaturationPlan(cosine: 0.8)
        let (logits, depths) = try RoutedTests.decoded(model, plan)
        let (expected, expectedDepths) = try RoutedTests.whole(model, plan)
        #expect((logits == expected) as Bool)
        #expect(depths.layersUsed == expectedDepths.layersUsed)
        #expect(Set(depths.layersUsed).count > 1)
        for position in 0..<depths.positionCount {
            let used = Int(depths.layersUsed[position])
            #expect((0..<11).allSatisfy { depths.ran($0, at: position) == ($0 < used) })
            #expect((0..<used - 1).allSatisfy { depths.gate($0, at: position)! <= 0.8 })
            #expect(used == 11 || depths.gate(used - 1, at: position)! > 0.8)
        }
        let never = try RoutedTests.decoded(model, SaturationPlan(cosine: 1))
        #expect(try (never.logits == RoutedTests.decoded(model, .vanilla).logits))
        #expect(throws: PlanError.cosine(1.5)) { try SaturationPlan(cosine: 1.5) }
    }

    @Test("plans by name")
    func names() throws {
        #expect(try PlanRequest(plan: "exit:3").text == PlanRequest.exit(layers: 3).text)
        #expect(try PlanRequest(plan: "shortgpt:4").text == PlanRequest.shortGPT(dropping: 4).text)
        #expect(try PlanRequest(plan: "laco:4").text == PlanRequest.laco(leavingOut: 4).text)
        #expect(try PlanRequest(plan: "confidence:0.95").text == PlanRequest.confidence(0.95).text)
        #expect(try PlanRequest(plan: "flexidepth").text == PlanRequest.flexiDepth.text)
        #expect(throws: PlanError.unreadableLayers("exit:x")) { try PlanRequest(plan: "exit:x") }
        #expect(throws: PlanError.unreadableLayers("exit:-1")) { try PlanRequest(plan: "exit:-1") }
        #expect(throws: PlanError.unreadableCosine("confidence:x")) { try PlanRequest(plan: "confidence:x") }
        #expect(throws: PlanError.unknownPlan("exit")) { try PlanRequest(plan: "exit") }
    }
}

extension PlanRequest {
    /// Compares requests by their text: they hold closures, so they are not Equatable.
    var text: String { "\(self)" }
}
