import Decoding
import Models
import Tensors
import TestSupport
import Testing

/// A token's layers and output do not depend on the other rows of its passes.
struct RoutedTests {
    static let options = SessionOptions(threadCount: 2, window: 64)
    static let unbounded = SessionOptions(threadCount: 2)

    /// Limits passes to 16 rows, so that all use our own kernels.
    static func decoded(
        _ model: LayerStack, _ plan: any DecodePlan, _ options: SessionOptions = options, promptCount: Int = 21
    ) throws -> (logits: [Float], depths: DepthRecord) {
        let session = try LoneSequence(model, options: options)
        let logits = try ExactnessTests.decodedLogits(
            session, prompt: randomTokens(promptCount, below: 160, seed: 3),
            then: randomTokens(37, below: 160, seed: 4), plan: plan)
        return (logits.last ?? [], session.depths)
    }

    static func whole(
        _ model: LayerStack, _ plan: any DecodePlan, _ options: SessionOptions = options, promptCount: Int = 21
    ) throws -> (logits: [Float], depths: DepthRecord) {
        let session = try LoneSequence(model, options: options)
        let tokens = randomTokens(promptCount, below: 160, seed: 3) + randomTokens(37, below: 160, seed: 4)
        try session.begin(tokens, plan: recomputed(plan, promptCount: promptCount))
        session.run()
        return (Array(session.logits), session.depths)
    }

    static let shapes = [
        SyntheticModel(routed: [6, 7, 8, 9, 10]),
        SyntheticModel(isQwen: false, routed: [0, 10], order: .tanhThenNorm),
        SyntheticModel(layers: 4, headLayers: 4, heads: 3, keyValueHeads: 1, headWidth: 10, routed: [0, 1, 2, 3]),
        SyntheticModel(layers: 9, headLayers: 1, hidden: 40, feedForward: 70, routed: [1, 3, 8]),
        SyntheticModel(routed: [2, 6, 7, 8, 10], method: .mindSkip),
        SyntheticModel(isQwen: false, routed: [0, 3, 4, 10], method: .mixtureOfDepths),
    ]

    @Test("a prompt in passes of 16 gives the bits and decisions of token by token, with windows and sinks too")
    func bitForBit() throws {
        for shape in Self.shapes {
            let (model, plan) = (try shape.build(), RoutedPlan(shape.method))
            for (window, sinks) in [(64, 0), (64, 3), (7, 0), (9, 4)] {
                let options = SessionOptions(threadCount: 2, window: window, sinkCount: sinks)
                let (logits, depths) = try Self.decoded(model, plan, options)
                let (expected, expectedDepths) = try Self.whole(model, plan, options)
                #expect((logits == expected) as Bool, "\(shape), window \(window), sinks \(sinks)")
                #expect(depths.layersUsed == expectedDepths.layersUsed)
                #expect(Set(depths.layersUsed).count > 1, "some tokens should skip, some run")
                #expect(depths.positionCount == 21 + 37)
            }
        }
    }

    @Test(
        "quantised weights: one wide pass gives the bits of token by token", arguments: [StorageFormat.q8_0, .q4_0],
        RoutingMethod.allCases)
    func quantised(_ format: StorageFormat, _ method: RoutingMethod) throws {
        let model = try SyntheticModel(format: format, routed: [0, 4, 5, 10], method: method).build()
        let (plan, options) = (RoutedPlan(method), SessionOptions(threadCount: 2))
        #expect(try (Self.decoded(model, plan, options).logits == Self.whole(model, plan, options).logits))
    }

    @Test("wide passes through OpenBLAS are the same function, prompts in chunks too")
    func widePasses() throws {
        let model = try SyntheticModel(routed: [3, 5, 10]).build()
        let options = SessionOptions(threadCount: 2, kvFormat: .f32)
        let (logits, depths) = try Self.whole(model, .flexiDepth, options, promptCount: 700)
        let narrow = SessionOptions(threadCount: 1, kvFormat: .f32, window: 2000)
        let (expected, expectedDepths) = try Self.decoded(model, .flexiDepth, narrow, promptCount: 700)
        #expect(largestDifference(logits, expected) < 1e-3)
        #expect(depths.layersUsed == expectedDepths.layersUsed)
    }

    @Test("with gates forced open the bits are those of unrouted layers; with gates forced shut, no routed layer runs")
    func forcedGates() throws {
        var shape = SyntheticModel(routed: [0, 4, 9, 10])
        shape.routerOffset = .infinity
        let open = try shape.build()
        #expect(try (Self.decoded(open, .flexiDepth).logits == Self.decoded(open, .vanilla).logits))
        #expect(try Self.decoded(open, .flexiDepth).depths.layersUsed.allSatisfy { $0 == 11 })
        shape.routerOffset = -.infinity
        let shut = try shape.build()
        let (logits, depths) = try Self.decoded(shut, .flexiDepth)
        #expect(depths.layersUsed.allSatisfy { $0 == 7 })
        #expect(try (logits == Self.whole(shut, .flexiDepth).logits))
        #expect(try (logits != Self.decoded(shut, .vanilla).logits))
        #expect(depths.gate(4, at: 20) == 0)
        #expect(depths.gate(3, at: 20) == nil)
    }

    @Test(
        "a token that skips both modules, or a mixture's layer, is as if it were not there; one that runs all is plain",
        arguments: [RoutingMethod.mindSkip, .mixtureOfDepths])
    func forcedWithoutAdapter(_ method: RoutingMethod) throws {
        var shape = SyntheticModel(routed: [0, 4, 9, 10], method: method)
        shape.routerOffset = .infinity
        let open = try shape.build()
        let ran = try Self.decoded(open, RoutedPlan(method))
        let plain = try Self.decoded(open, .vanilla).logits
        #expect((ran.logits == plain) as Bool)
        #expect(ran.depths.layersUsed.allSatisfy { $0 == 11 })
        shape.routerOffset = -.infinity
        let shut = try shape.build()
        let (logits, depths) = try Self.decoded(shut, RoutedPlan(method))
        let seven = SomeLayers(kept: [1, 2, 3, 5, 6, 7, 8])
        #expect(try (logits == Self.decoded(shut, seven).logits))
        #expect(depths.layersUsed.allSatisfy { $0 == 7 })
    }

    @Test("a module that runs alone is half a layer")
    func halves() throws {
        let model = try SyntheticModel(routed: [2, 6, 7], method: .mindSkip).build()
        let depths = try Self.decoded(model, .mindSkip).depths
        let shares = (0..<depths.positionCount).map { depths.share(6, at: $0) }
        #expect(Set(shares) == [0, 0.5, 1])
        #expect(shares.indices.allSatisfy { depths.ran(6, at: $0) == (shares[$0] > 0) })
        #expect(depths.layersUsed.contains { $0 != $0.rounded() })
        #expect(abs(depths.runShares[6] - shares.reduce(0, +) / Double(shares.count)) < 1e-9)
    }

    @Test("cycles over routed layers: decoding is full recomputation, decisions included")
    func cycles() throws {
        let model = try SyntheticModel(routed: [1, 2, 5, 10]).build()
        for factor in [1, 2, 4] {
            for rule in CycleRule.allCases {
                let plan = try MultiTokenPlan(factor: factor, rule: rule, layers: .routed)
                #expect(try (Self.decoded(model, plan).logits == Self.whole(model, plan).logits))
            }
        }
    }

    @Test("a plan with other layers removes what the first plan computed")
    func changingPlans() throws {
        let model = try SyntheticModel(routed: [4, 10]).build()
        let session = try LoneSequence(model, options: Self.options)
        let prompt = randomTokens(12, below: 160, seed: 1)
        try session.begin(prompt, plan: .vanilla)
        session.run()
        #expect(session.depths.positionCount == 0)
        try session.begin([7], plan: .flexiDepth)
        session.run()
        let fresh = try LoneSequence(model, options: Self.options)
        try fresh.begin(prompt + [7], plan: .flexiDepth)
        fresh.run()
        #expect(Array(session.logits) == Array(fresh.logits))
        #expect(session.depths.layersUsed == fresh.depths.layersUsed)
        session.truncate(to: 5)
        #expect(session.depths.positionCount == 5)
    }

    @Test("a routed checkpoint decodes with its routers by default; other checkpoints refuse the plan")
    func choice() throws {
        let plain = try SyntheticModel().build().configuration
        #expect(throws: PlanError.noRouters(plan: "flexidepth")) { try plain.plan(for: .flexiDepth) }
        let routed = try SyntheticModel(routed: [10]).build().configuration
        #expect(try routed.plan(for: .vanilla).layers == .all)
        #expect(try routed.plan(for: .flexiDepth).layers == .routed)
        #expect(try routed.plan(for: .multiToken(2)).layers == .routed)
        let names = ["flexidepth", "mindskip", "mod"]
        for (method, name) in zip(RoutingMethod.allCases, names) {
            #expect(try PlanRequest(plan: name).text == PlanRequest.routed(method).text)
            #expect(RoutedPlan(method).name == name)
        }
        let mixture = try SyntheticModel(routed: [10], method: .mixtureOfDepths).build().configuration
        #expect(throws: PlanError.otherRouters(plan: "flexidepth", trained: "mod")) {
            try mixture.plan(for: .flexiDepth)
        }
    }
}

/// The same layers for every token.
private struct SomeLayers: DecodePlan {
    let kept: Set<Int>

    var name: String { "some" }
    var layers: LayerChoice { .only(kept) }
    var needsSplit: Bool { false }
    func headInput(at position: Int, promptCount: Int) -> HeadInput { .trunk }
    func cycleIndex(of position: Int, promptCount: Int) -> Int? { nil }
}
