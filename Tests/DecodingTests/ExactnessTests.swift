import Decoding
import Models
import Tensors
import TestSupport
import Testing

/// A plan with the head inputs of another plan for a given prompt length, whatever the sequence's own prompt. With it the whole
/// sequence can be recomputed as one prompt.
struct Recomputed<Base: DecodePlan>: DecodePlan {
    let base: Base
    let promptCount: Int

    var name: String { base.name }
    var layers: LayerChoice { base.layers }
    var needsSplit: Bool { base.needsSplit }
    func trunkCount(before position: Int, promptCount _: Int) -> Int {
        base.trunkCount(before: position, promptCount: promptCount)
    }
    func headInput(at position: Int, promptCount _: Int) -> HeadInput {
        base.headInput(at: position, promptCount: promptCount)
    }
    func headInput(at position: Int, in text: TextLayout) -> HeadInput {
        base.headInput(at: position, in: TextLayout(promptCount: promptCount, tokenCount: text.tokenCount))
    }
    func cycleIndex(of position: Int, promptCount _: Int) -> Int? { nil }
}

func recomputed(_ plan: any DecodePlan, promptCount: Int) -> any DecodePlan {
    func wrap(_ plan: some DecodePlan) -> any DecodePlan { Recomputed(base: plan, promptCount: promptCount) }
    return wrap(plan)
}

func randomTokens(_ count: Int, below vocabulary: Int, seed: UInt64) -> [Int] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Int.random(in: 0..<vocabulary, using: &generator) }
}

func largestDifference(_ left: some Sequence<Float>, _ right: some Sequence<Float>) -> Float {
    zip(left, right).map { abs($0 - $1) }.max() ?? .infinity
}

/// Decoding token by token is the same function as one pass over the whole sequence.
struct ExactnessTests {
    static let plans: [any DecodePlan] =
        [.vanilla]
        + (1...16).compactMap { try? MultiTokenPlan(factor: $0, rule: .prompt) }
        + CycleRule.allCases.filter { $0 != .prompt }.flatMap { rule in
            [1, 2, 3, 4, 6, 16].compactMap { try? MultiTokenPlan(factor: $0, rule: rule) }
        }

    /// Feeds given tokens one at a time, so that near-ties cannot make two runs diverge.
    static func decodedLogits(
        _ context: LoneSequence, prompt: [Int], then tokens: [Int], plan: any DecodePlan
    ) throws -> [[Float]] {
        try context.begin(prompt, plan: plan)
        context.run()
        return try [Array(context.logits)]
            + tokens.map { token in
                try context.append(token)
                context.run()
                return Array(context.logits)
            }
    }

    static func recomputedLogits(
        _ model: LayerStack, _ options: SessionOptions, prompt: [Int], then tokens: [Int], plan: any DecodePlan
    ) throws -> [Float] {
        let context = try LoneSequence(model, options: options)
        try context.begin(prompt + tokens, plan: recomputed(plan, promptCount: prompt.count))
        context.run()
        return Array(context.logits)
    }

    @Test("decoding equals full recomputation for every factor, rule, prompt length and window")
    func recomputation() throws {
        let model = try SyntheticModel().build()
        for (index, plan) in Self.plans.enumerated() {
            for promptCount in [1, 2, 5, 16, 17, 40] {
                for (window, sinks) in [(nil, 0), (1, 0), (7, 0), (8, 3), (5, 20), (33, 2)] as [(Int?, Int)] {
                    let options = SessionOptions(threadCount: 1, kvFormat: .f32, window: window, sinkCount: sinks)
                    let prompt = randomTokens(promptCount, below: 160, seed: UInt64(index))
                    let tokens = randomTokens(2 * 16 + 3, below: 160, seed: UInt64(index + 1000))
                    let context = try LoneSequence(model, options: options)
                    let decoded = try Self.decodedLogits(context, prompt: prompt, then: tokens, plan: plan)
                    let whole = try Self.recomputedLogits(model, options, prompt: prompt, then: tokens, plan: plan)
                    let difference = largestDifference(decoded.last ?? [], whole)
                    #expect(
                        difference < 2e-4,
                        "\(plan), prompt of \(promptCount), window \(String(describing: window)), sinks \(sinks)")
                }
            }
        }
    }

    @Test(
        "passes of up to 16 rows give the same bits as token by token, in every weight format",
        arguments: ActivationFormat.allCases)
    func bitForBit(_ activations: ActivationFormat) throws {
        for format in StorageFormat.allCases where activations == .int16 || format.valuesPerBlock > 1 {
            let model = try SyntheticModel.holding(format).build()
            // A window of 64 limits passes to 16 rows, all with the same kernels. It covers the whole sequence here.
            let options = SessionOptions(threadCount: 2, activations: activations, window: 64)
            for plan in Self.plans {
                let prompt = randomTokens(21, below: 160, seed: 3)
                let tokens = randomTokens(37, below: 160, seed: 4)
                let context = try LoneSequence(model, options: options)
                let decoded = try Self.decodedLogits(context, prompt: prompt, then: tokens, plan: plan)
                let whole = try Self.recomputedLogits(model, options, prompt: prompt, then: tokens, plan: plan)
                #expect((decoded.last == whole) as Bool, "\(format), \(plan)")
            }
        }
    }

    @Test("wide passes through OpenBLAS are the same function in every weight format")
    func widePasses() throws {
        for format in StorageFormat.allCases {
            let model = try SyntheticModel.holding(format).build()
            let options = SessionOptions(threadCount: 2, kvFormat: .f32)
            let narrow = SessionOptions(threadCount: 2, kvFormat: .f32, window: 64)
            let tokens = randomTokens(60, below: 160, seed: 3)
            let wide = try Self.recomputedLogits(model, options, prompt: [1], then: tokens, plan: .vanilla)
            let kernels = try Self.recomputedLogits(model, narrow, prompt: [1], then: tokens, plan: .vanilla)
            // When activations are rounded to int16, a difference in the last bit can change one by a step of 1/32767.
            let bound: Float = format.valuesPerBlock == 1 ? 1e-4 : 3e-4
            let scale = wide.map(abs).max() ?? 1
            let difference = largestDifference(wide, kernels)
            #expect(difference < bound * scale, "\(format)")
        }
    }

    @Test("quantised weights give the logits of their decoded values", arguments: StorageFormat.allCases)
    func decodedValues(_ format: StorageFormat) throws {
        var shape = SyntheticModel.holding(format)
        let options = SessionOptions(threadCount: 2, kvFormat: .f32)
        let tokens = randomTokens(40, below: 160, seed: 9)
        let logits = try [false, true].map { isDecoded in
            shape.isDecoded = isDecoded
            let context = try LoneSequence(try shape.build(), options: options)
            return try Self.decodedLogits(context, prompt: [1], then: tokens, plan: .multiToken(3))
        }
        let scale = logits[1].joined().map(abs).max() ?? 1
        // Activations rounded to int16 in every product of 11 layers.
        for (quantised, decoded) in zip(logits[0], logits[1]) {
            #expect(largestDifference(quantised, decoded) < 1e-3 * scale)
        }
    }

    @Test("edge cases of shapes: one KV head, odd head counts, many layers, no trunk")
    func shapes() throws {
        let shapes = [
            SyntheticModel(layers: 36, heads: 8, keyValueHeads: 1),
            SyntheticModel(heads: 3, keyValueHeads: 3, headWidth: 24),
            SyntheticModel(heads: 3, keyValueHeads: 1, headWidth: 10, feedForward: 70, vocabulary: 101),
            SyntheticModel(hidden: 40, isQwen: false),
            SyntheticModel(layers: 9, headLayers: 1),
        ]
        for shape in shapes {
            let model = try shape.build()
            for factor in [1, 3, 4] {
                let plan = try MultiTokenPlan(factor: factor)
                let options = SessionOptions(threadCount: 2, kvFormat: .f32)
                let prompt = randomTokens(9, below: 100, seed: 3)
                let tokens = randomTokens(14, below: 100, seed: 4)
                let context = try LoneSequence(model, options: options)
                let decoded = try Self.decodedLogits(context, prompt: prompt, then: tokens, plan: plan)
                let whole = try Self.recomputedLogits(model, options, prompt: prompt, then: tokens, plan: plan)
                #expect(largestDifference(decoded.last ?? [], whole) < 3e-4, "\(shape), factor \(factor)")
            }
        }
    }

    @Test("the number of threads changes no bit")
    func threads() throws {
        for format in [StorageFormat.f32, .q8_0, .q4_1] {
            let model = try SyntheticModel(format: format).build()
            let prompt = randomTokens(70, below: 160, seed: 5)
            let tokens = randomTokens(20, below: 160, seed: 6)
            let runs = try (1...4).map { threadCount in
                let context = try LoneSequence(model, options: SessionOptions(threadCount: threadCount))
                return try Self.decodedLogits(context, prompt: prompt, then: tokens, plan: .multiToken(3))
            }
            for run in runs { #expect((run == runs[0]) as Bool, "\(format)") }
        }
    }

    @Test("a window wide enough to see everything changes nothing, before and after the ring wraps")
    func wideWindow() throws {
        let model = try SyntheticModel().build()
        let prompt = randomTokens(16, below: 160, seed: 7)
        let tokens = randomTokens(74, below: 160, seed: 8)
        let plan = try MultiTokenPlan(factor: 4)
        let full = try LoneSequence(model, options: SessionOptions(threadCount: 1))
        let ring = try LoneSequence(model, options: SessionOptions(threadCount: 1, window: 100))
        let expected = try Self.decodedLogits(full, prompt: prompt, then: tokens, plan: plan)
        let found = try Self.decodedLogits(ring, prompt: prompt, then: tokens, plan: plan)
        #expect((expected == found) as Bool)
    }
}
