import Decoding
import Measuring
import Models
import Tensors
import TestSupport
import Testing
import Tokens

/// Plans that skip layers or draft tokens, compared with vanilla.
struct PlanEvaluationTests {
    private static let options = SessionOptions(threadCount: 2)

    private static func plan(_ text: String, of model: Model) throws -> any DecodePlan {
        try model.plan(for: PlanRequest(plan: text), options: options)
    }

    private static func evaluation(
        of model: Model, _ plans: [String], _ items: [String], maximumTokens: Int = 24
    ) throws -> Evaluation {
        let directory = try TemporaryDirectory()
        let path = try directory.write(items.joined(separator: "\n"), "task.jsonl")
        return try Evaluation(
            of: ComparedModels(model), on: EvaluationTask(path: path), plans: plans.map { try plan($0, of: model) },
            options: options,
            maximumTokens: maximumTokens, progress: { _ in }, isCancelled: { false })
    }

    private static let sorting = #"{"prompt": "Sort this list: 41 65 52 87 78", "answer": "41 52 65 78 87"}"#

    @Test("plans have the names of generate's --plan, factors their numbers")
    func labels() throws {
        let model = try Model(path: Goldens.embedded)
        let cases = [
            ("off", "vanilla", "off", nil, "--mtd off"), ("mtd:4", "mtd 4", "4", nil, "--mtd 4"),
            ("exit:6", "exit:6", "off", "exit:6", "--plan exit:6"),
            ("layerskip:6", "layerskip:6:4", "off", "layerskip:6:4", "--plan layerskip:6:4"),
        ]
        for (text, title, mtd, ownName, option) in cases {
            let label = PlanLabel(try Self.plan(text, of: model))
            #expect((label.title, label.mtd, label.ownName, label.option) == (title, mtd, ownName, option))
            #expect(label.isVanilla == (text == "off"))
        }
    }

    @Test("layers are counted for each token of the answers, or of the references for the metric loss")
    func layersUsed() throws {
        let model = try Model(path: Goldens.embedded)
        let plans = ["off", "exit:9", "confidence:0.9", "layerskip:6", "mtd:4"]
        let answered = try Self.evaluation(of: model, plans, [Self.sorting]).results
        let depth = try #require(answered[1].depth)
        #expect((depth.mean, depth.variance) == (9, 0))
        #expect(answered[1].layersUsed?.count == answered[1].decodeTokens)
        let confident = try #require(answered[2].layersUsed)
        #expect(confident.allSatisfy { (1...Double(model.configuration.layerCount)).contains($0) })
        #expect(answered[2].depth == DepthSummary(confident))
        for whole in [0, 3, 4] { #expect(answered[whole].layersUsed == nil && answered[whole].depth == nil) }
        #expect(answered[3].answers == answered[0].answers && answered[3].correct.share == 1)

        let loss = Self.sorting.replacing("}", with: #", "metric": "loss"}"#)
        let scored = try Self.evaluation(of: model, plans, [loss]).results
        let referenceCount = try #require(scored[0].places[nil]?.agreement.count)
        #expect(scored[1].layersUsed == Array(repeating: 9, count: referenceCount - 1))
        #expect(scored[3].loss == scored[0].loss && scored[3].places[nil]?.agreement.share == 1)
    }

    @Test("a routed model's layers equal those that generate reports")
    func routed() throws {
        let checkpoint = try RoutedCheckpoint()
        let model = try Model(path: checkpoint.path)
        let result = try #require(
            Self.evaluation(
                of: model, ["flexidepth"], [#"{"prompt": "abc", "answer": "d"}"#], maximumTokens: 12
            ).results.first)
        let prompt = try model.requireTokenizer().encode("abc", addSpecial: true)
        let generation = Generator(model, options: Self.options)
        try generation.begin(prompt, plan: .flexiDepth, options: GenerationOptions(maximumTokens: 12))
        while try generation.step() != nil {}
        #expect(result.layersUsed == Array(generation.depths.layersUsed.dropFirst(prompt.count)))
        #expect(try #require(result.layersUsed).allSatisfy { (4...8).contains($0) })
    }

    private static func compared(_ model: Model, _ plans: [String], _ prompt: String) throws -> Comparison {
        let plans = try plans.map { try plan($0, of: model) }
        return try Comparer(ComparedModels(model), plans: plans, options: options, maximumTokens: 24)
            .compare(prompt, rounds: 1, isCancelled: { false })
    }

    /// Bytes of one layer's keys and values at the middle of an answer.
    private static func keyValueBytes(_ answer: Comparison.Answer, of comparison: Comparison, _ model: Model) -> Double
    {
        let depth = Double(comparison.promptTokenCount) + Double(answer.tokens.count) / 2
        let configuration = model.configuration
        return depth * Double(2 * configuration.keyValueHeadCount * configuration.headWidth * 2)
    }

    @Test("bytes are those of the layers that ran, or of passes with drafts; the limit is vanilla's over them")
    func bytes() throws {
        let model = try Model(path: Goldens.embedded)
        let plans = ["off", "exit:9", "confidence:1", "layerskip:6:3"]
        let comparison = try Self.compared(model, plans, "Sort this list: 41 65 52 87 78")
        let answers = comparison.answers
        #expect(answers.map(\.readsWholePasses) == [true, false, false, false])
        let layers = model.stack.layers.map { Double($0.byteCount) }
        let vocabulary = model.stack.vocabularyHead.byteCount
        func expected(_ count: Int, _ answer: Comparison.Answer) -> Double {
            layers.prefix(count).reduce(Double(vocabulary), +)
                + Double(count) * Self.keyValueBytes(answer, of: comparison, model)
        }
        #expect(answers[0].bytesPerToken == expected(layers.count, answers[0]))
        let exit = try #require(answers[1].bytesPerToken)
        #expect(abs(exit - expected(9, answers[1])) < 1)
        #expect(abs(try #require(answers[1].limitOfSpeedup) - expected(layers.count, answers[1]) / exit) < 1e-9)
        // A cosine is never above 1, so every token runs every layer.
        #expect(abs(try #require(answers[2].limitOfSpeedup) - 1) < 1e-9)

        let drafted = answers[3]
        #expect(drafted.difference?.isNone == true)
        let (trunk, head) = (Double(drafted.passes.trunkPasses), Double(drafted.passes.headPasses))
        let cache = Self.keyValueBytes(drafted, of: comparison, model)
        let front = layers.prefix(6).reduce(Double(vocabulary) + 6 * cache, +)
        let back = layers.dropFirst(6).reduce(Double(layers.count - 6) * cache, +)
        let read = (trunk * front + head * back) / Double(drafted.tokens.count - 1)
        #expect(abs(try #require(drafted.bytesPerToken) - read) < 1)
        #expect(drafted.efficiency.values.count == 1)
    }

    @Test("a routed answer's bytes lie between those of skipping and running all layers; routed cycles have no limit")
    func routedBytes() throws {
        let checkpoint = try RoutedCheckpoint()
        let model = try Model(path: checkpoint.path, headLayers: 2)
        let comparison = try Self.compared(model, ["off", "flexidepth", "mtd:2"], "abc")
        let (vanilla, routed, cycles) = (comparison.answers[0], comparison.answers[1], comparison.answers[2])
        let cache = Self.keyValueBytes(routed, of: comparison, model)
        let routers = model.stack.layers.compactMap(\.routing)
        let most =
            try #require(vanilla.bytesPerToken)
            + routers.reduce(8 * (cache - Self.keyValueBytes(vanilla, of: comparison, model))) {
                $0 + Double($1.routerByteCount)
            }
        let least =
            model.stack.layers.reduce(Double(model.stack.vocabularyHead.byteCount)) { sum, layer in
                sum + (layer.routing.map { Double(layer.skippedByteCount($0)) } ?? Double(layer.byteCount) + cache)
            }
        let bytes = try #require(routed.bytesPerToken)
        #expect(least < bytes && bytes < most)
        #expect(cycles.bytesPerToken == nil && cycles.limitOfSpeedup == nil && cycles.efficiency.values.isEmpty)
        #expect(!cycles.readsWholePasses)
        let summary = ComparisonSummary([comparison, comparison])
        #expect(summary.plans[1].limitOfSpeedup != nil)
        #expect(summary.plans[2].limitOfSpeedup == nil && summary.plans[2].efficiency == nil)
        #expect(ComparisonTable(comparison).rows[2][3...4] == ["–", "–"])
    }
}
