import Decoding
import Measuring
import Models
import Tensors
import Testing

struct BenchTests {
    @Test("medians and spreads, and when a median is not reliable")
    func samples() {
        let steady = Samples([10, 11, 10.5, 10.2, 10.1])
        #expect(steady.median == 10.2 && steady.lowest == 10 && steady.highest == 11 && steady.isSteady)
        #expect(abs(steady.spread - 0.4 / 10.2) < 1e-12)
        #expect(!Samples([1, 2, 3, 4]).isSteady)
        #expect(Samples([1, 2]).median == 1.5 && Samples().median == 0 && Samples().spread == 0)
    }

    @Test("shapes have the known sizes of the models")
    func shapes() throws {
        #expect(ModelShape("qwen3-5b") == nil)
        let model = try LayerStack.random(try #require(ModelShape("smollm2-135m")), format: .q4_0, lmHeadFormat: .q8_0)
        #expect(model.formats == [.q4_0, .q8_0])
        let roofline = ByteRoofline(model, kvFormat: .f16)
        // 106,168,320 values in the layers' matrices, 49,152 · 576 in the embedding.
        #expect(roofline.trunk + roofline.head == 106_168_320 * 18 / 32)
        #expect(roofline.head * 22 == roofline.trunk * 8)
        #expect(roofline.vocabularyHead == 49_152 * 576 * 34 / 32)
        #expect(roofline.trunkPosition == 22 * 2 * 3 * 64 * 2 && roofline.headPosition == 8 * 2 * 3 * 64 * 2)
        let vanilla = roofline.bytesPerToken(factor: nil, depth: 0)
        #expect(vanilla == Double(roofline.trunk + roofline.head + roofline.vocabularyHead))
        #expect(vanilla - roofline.bytesPerToken(factor: 4, depth: 0) == 0.75 * Double(roofline.trunk))
    }

    @Test("rows that are not whole blocks are refused")
    func blocks() throws {
        let shape = try #require(ModelShape("smollm2-135m"))
        #expect(throws: BenchError.format(.q4_K, columns: 576, shape: "smollm2-135m")) {
            try LayerStack.random(shape, format: .q4_K)
        }
    }

    @Test("a bench measures every plan in every round, checks its tokens against one pass, and computes the roofline")
    func speed() throws {
        let model = try LayerStack.random(try #require(ModelShape("smollm2-135m")), format: .q8_0)
        var options = SpeedBench.Options()
        (options.promptTokens, options.decodeTokens, options.depth, options.repeats) = (20, 9, 5, 2)
        let plans: [any DecodePlan] = [.vanilla, try MultiTokenPlan(factor: 4)]
        var shares: [Double] = []
        let bench = try SpeedBench(
            of: model, plans: plans, options: options, sessionOptions: SessionOptions(threadCount: 2),
            progress: { shares.append($0) }, isCancelled: { false })
        #expect(bench.prompt.values.count == 2 && bench.bandwidth.values.count == 2 * bench.decoding.count)
        #expect(bench.decoding.map(\.name) == ["off", "4"])
        for decoding in bench.decoding {
            #expect(decoding.speed.values.count == 2 && decoding.speed.lowest > 0)
            #expect(decoding.efficiency.values.count == 2 && decoding.efficiency.lowest > 0)
        }
        #expect(bench.decoding[0].speedup.values == [1, 1] && bench.decoding[0].limitOfSpeedup == 1)
        #expect(bench.decoding[1].limitOfSpeedup > 1.5 && bench.decoding[1].limitOfSpeedup < 2.5)
        #expect(shares == shares.sorted() && shares.last == 1)
        let profile = try DecodingProfile(
            of: model, plan: plans[1], options: options, sessionOptions: SessionOptions(threadCount: 1),
            isCancelled: { false })
        #expect(profile.parts.map(\.part) == ["trunk", "head", "lm_head", "others"])
        #expect(profile.parts.prefix(3).allSatisfy { $0.seconds > 0 })
        let ofLayers = profile.parts.prefix(2).reduce(0) { $0 + $1.seconds }
        #expect(profile.attentionSeconds > 0 && profile.attentionSeconds < ofLayers)
        let passes = try PassBench(
            of: model, rowCounts: [4, 2], depth: 3, repeats: 2, sessionOptions: SessionOptions(threadCount: 1))
        #expect(passes.costs.map(\.rows) == [1, 2, 4])
        #expect(passes.costs[0].ratio.values == [1, 1] && passes.costs[2].seconds.lowest > 0)
    }

    @Test("with a window a token reads only the keys and values that it sees")
    func window() throws {
        let model = try LayerStack.random(try #require(ModelShape("smollm2-135m")), format: .q4_0)
        func bytes(depth: Int, window: Int?) throws -> Double {
            var options = SpeedBench.Options()
            (options.promptTokens, options.decodeTokens, options.depth, options.repeats) = (0, 2, depth, 1)
            return try SpeedBench(
                of: model, plans: [.vanilla], options: options,
                sessionOptions: SessionOptions(threadCount: 2, window: window, sinkCount: window == nil ? 0 : 4),
                progress: { _ in }, isCancelled: { false }
            ).decoding[0].bytesPerToken
        }
        let whole = try bytes(depth: 40, window: nil)
        #expect(try bytes(depth: 40, window: 100) == whole)
        // 30 layers of three heads of 64 values, float16, keys and values.
        #expect(try whole - bytes(depth: 40, window: 8) == Double((41 - 12) * 30 * 3 * 64 * 2 * 2))
    }

    @Test("a context that is too short is refused, and Ctrl-C ends the bench")
    func refusals() throws {
        let model = try LayerStack.random(try #require(ModelShape("smollm2-135m")), format: .q4_0)
        func bench(_ options: SpeedBench.Options, isCancelled: Bool = false) throws {
            _ = try SpeedBench(
                of: model, plans: [.vanilla], options: options, sessionOptions: SessionOptions(),
                progress: { _ in }, isCancelled: { isCancelled })
        }
        var options = SpeedBench.Options()
        options.depth = 8192
        #expect(throws: BenchError.tooLong(tokens: 8321, contextLength: 8192)) { try bench(options) }
        #expect(throws: CancellationError.self) { try bench(SpeedBench.Options(), isCancelled: true) }
    }
}
