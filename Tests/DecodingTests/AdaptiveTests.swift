import Decoding
import Models
import Tensors
import TestSupport
import Testing

/// Adaptive cycles: recorded beginnings, by which recomputation gives the same numbers.
struct AdaptiveTests {
    private static let rules = CycleRule.allCases.filter { $0.phase == .prompt && $0.history == .real }

    /// The plan with given cycle beginnings, for a whole sequence read as one prompt.
    private struct Replayed: DecodePlan {
        let base: AdaptivePlan
        let promptCount: Int
        let cycleStarts: [Int]

        var name: String { base.name }
        var needsSplit: Bool { true }
        func headInput(at position: Int, promptCount _: Int) -> HeadInput {
            base.headInput(at: position, promptCount: 0)
        }
        func headInput(at position: Int, in text: TextLayout) -> HeadInput {
            base.headInput(
                at: position,
                in: TextLayout(promptCount: promptCount, tokenCount: text.tokenCount, cycleStarts: cycleStarts))
        }
        func cycleIndex(of position: Int, promptCount: Int) -> Int? { nil }
    }

    @Test("decoding equals recomputation from the recorded beginnings, for every rule, length, prompt and window")
    func recomputation() throws {
        let model = try SyntheticModel().build()
        for (index, rule) in Self.rules.enumerated() {
            for (maximum, threshold) in [(2, 0.5), (4, 0.008), (6, 0.01), (16, 0.007), (5, 0), (5, 1)] as [(Int, Float)]
            {
                for promptCount in [1, 6, 17, 40] {
                    for window in [nil, 7, 33] {
                        let options = SessionOptions(threadCount: 1, kvFormat: .f32, window: window, sinkCount: 1)
                        let plan = try AdaptivePlan(maximum: maximum, threshold: threshold, rule: rule)
                        let prompt = randomTokens(promptCount, below: 160, seed: UInt64(index))
                        let sequence = try LoneSequence(model, options: options)
                        let tokens = try greedy(sequence, prompt, plan, count: 37)
                        sequence.run()
                        let starts = sequence.sequence.layout.cycleStarts
                        let lengths = zip(starts, starts.dropFirst()).map { $1 - $0 }
                        #expect(starts.first == promptCount && lengths.allSatisfy { (1...maximum).contains($0) })
                        if threshold == 0 { #expect(lengths.allSatisfy { $0 == maximum }) }
                        if threshold == 1 { #expect(lengths.allSatisfy { $0 == 1 }) }
                        let whole = try LoneSequence(model, options: options)
                        try whole.begin(
                            prompt + tokens, plan: Replayed(base: plan, promptCount: promptCount, cycleStarts: starts))
                        whole.run()
                        #expect(
                            largestDifference(sequence.logits, whole.logits) < 2e-4,
                            "\(rule), adaptive:\(maximum):\(threshold), prompt of \(promptCount)")
                        let replay = try LoneSequence(model, options: options)
                        try replay.begin(prompt, plan: plan)
                        for (offset, token) in tokens.enumerated() {
                            try replay.sequence.append(token, beginsCycle: starts.contains(promptCount + offset))
                        }
                        replay.run()
                        #expect(replay.sequence.layout.cycleStarts == starts)
                        #expect(largestDifference(sequence.logits, replay.logits) < 2e-4)
                    }
                }
            }
        }
    }

    @Test("at threshold 0 an adaptive cycle is a fixed one, bit for bit")
    func neverEnding() throws {
        let model = try SyntheticModel(format: .q8_0).build()
        for rule in Self.rules {
            let (fixed, adaptive) = (try LoneSequence(model), try LoneSequence(model))
            let expected = try greedy(fixed, [1, 2, 3], MultiTokenPlan(factor: 5, rule: rule), count: 40)
            let plan = try AdaptivePlan(maximum: 5, threshold: 0, rule: rule)
            #expect(try greedy(adaptive, [1, 2, 3], plan, count: 40) == expected)
            #expect((Array(adaptive.logits) == Array(fixed.logits)) as Bool)
            #expect(adaptive.passes == fixed.passes)
        }
    }

    @Test(
        "a cycle ends after the first token that the signal is below the threshold for",
        arguments: CycleEnd.Signal.allCases)
    func signals(_ signal: CycleEnd.Signal) throws {
        // Probabilities 0.5, 0.25, 0.125, 0.125.
        let logits = [Float(3), 2, 1, 1].map { $0 * 0.693147 }
        func ends(_ token: Int, _ threshold: Float) -> Bool {
            logits.withUnsafeBufferPointer {
                CycleEnd(maximum: 4, signal: signal, threshold: threshold).comes(after: token, from: $0)
            }
        }
        // Entropy: 1.75 bits, of which e^-H = 2^-1.75.
        let value: Float = [.probability: 0.5, .margin: 0.25, .entropy: 0.297302][signal] ?? 0
        #expect(!ends(0, value - 0.001) && ends(0, value + 0.001))
        if signal == .probability { #expect(!ends(2, 0.124) && ends(2, 0.126)) }
        if signal == .margin { #expect(ends(1, 0.001) && !ends(1, 0)) }
        let damaged = [Float.nan, .nan]
        #expect(
            damaged.withUnsafeBufferPointer {
                CycleEnd(maximum: 4, signal: signal, threshold: 0).comes(after: 0, from: $0)
            })
    }

    @Test("what the plan cannot do is refused")
    func refusals() throws {
        for length in [0, 1, 17] {
            #expect(throws: PlanError.adaptiveLengthOutOfRange(length)) { try AdaptivePlan(maximum: length) }
        }
        #expect(throws: PlanError.threshold("1.5")) { try PlanRequest(plan: "adaptive:4:1.5") }
        #expect(throws: PlanError.threshold("nan")) { try PlanRequest(plan: "adaptive:4:nan") }
        #expect(throws: PlanError.threshold("x")) { try PlanRequest(plan: "adaptive:4:x") }
        #expect(throws: PlanError.unreadableFactor("x")) { try PlanRequest(plan: "adaptive:x") }
        #expect(throws: PlanError.unknownPlan("adaptive:4:0.5:moon")) { try PlanRequest(plan: "adaptive:4:0.5:moon") }
        #expect(throws: PlanError.adaptiveRule(.absolute)) { try AdaptivePlan(maximum: 4, rule: .absolute) }
        #expect(try PlanRequest(plan: "adaptive:4").description == "adaptive:4:0.9")
        #expect(try PlanRequest(plan: "adaptive:4:0.5:margin").description == "adaptive:4:0.5:margin")
    }
}
