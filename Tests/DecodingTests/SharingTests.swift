import Decoding
import Models
import Tensors
import TestSupport
import Testing

/// A sequence copies from another exactly what it would have computed.
struct SharingTests {
    private static let options = SessionOptions(threadCount: 2)

    /// Runs a prompt in chunks of 16 positions, up to `end`.
    private static func read(_ context: LoneSequence, upTo end: Int = .max) {
        while context.isBehind, context.computedCount < end { context.step(rowLimit: 16) }
    }

    @Test("the logits equal those of a sequence that computed everything itself, for all plans")
    func logits() throws {
        let model = try SyntheticModel.holding(.q8_0).build()
        let engine = try Engine(model, options: Self.options)
        let shared = randomTokens(70, below: 160, seed: 1)
        let plans: [any DecodePlan] = [
            .vanilla, try .multiToken(4), try MultiTokenPlan(factor: 3, rule: .absolute),
            try MultiTokenPlan(factor: 4, rule: CycleRule(promptInput: .sum, history: .shadow)),
            try MultiTokenPlan(factor: 3, rule: CycleRule(phase: .absolute, history: .shadow)),
        ]
        for lending in plans {
            for taking in plans {
                for (own, read) in [(0, 32), (0, 100), (16, 64), (48, 100)] {
                    let other = LoneSequence(in: engine)
                    try other.begin(shared + [7, 8, 9, 10], plan: lending)
                    Self.read(other, upTo: read)
                    let prompt = shared + [11, 12, 13]
                    let context = LoneSequence(in: engine)
                    try context.begin(prompt, plan: taking)
                    Self.read(context, upTo: own)
                    let end = context.sharedEnd(with: other)
                    if end > context.computedCount { context.takeOver(from: other, upTo: end) }
                    #expect(context.computedCount >= min(end, own))
                    let alone = try ExactnessTests.decodedLogits(
                        LoneSequence(model, options: Self.options), prompt: prompt, then: [3, 4, 5, 6, 7, 8],
                        plan: taking)
                    var logits: [[Float]] = []
                    for token in [nil, 3, 4, 5, 6, 7, 8] {
                        if let token { try context.append(token) }
                        Self.read(context)
                        logits.append(Array(context.logits))
                    }
                    #expect((logits == alone) as Bool, "\(taking) from \(lending), \(own), \(read)")
                }
            }
        }
    }

    @Test("the shared prefix ends with the first different token or head input, and before the last token")
    func ends() throws {
        let engine = try Engine(try SyntheticModel.holding(.q8_0).build(), options: Self.options)
        func context(_ prompt: [Int], _ plan: any DecodePlan, isRead: Bool = true) throws -> LoneSequence {
            let context = LoneSequence(in: engine)
            try context.begin(prompt, plan: plan)
            if isRead { Self.read(context) }
            return context
        }
        let prompt = randomTokens(50, below: 160, seed: 2)
        let other = try context(prompt, .vanilla)
        #expect(try context(prompt, try .multiToken(4), isRead: false).sharedEnd(with: other) == 49)
        #expect(try context(Array(prompt[..<20]) + [1, 2], .vanilla, isRead: false).sharedEnd(with: other) == 20)
        let absolute = try MultiTokenPlan(factor: 2, rule: .absolute)
        #expect(try context(prompt, absolute, isRead: false).sharedEnd(with: other) == 0)
        #expect(
            try context(prompt, .vanilla, isRead: false).sharedEnd(with: try context(prompt, .vanilla, isRead: false))
                == 0)
    }

    @Test("a sequence whose ring has wrapped shares nothing")
    func wrapped() throws {
        let options = SessionOptions(threadCount: 1, window: 32)
        let engine = try Engine(try SyntheticModel.holding(.q8_0).build(), options: options)
        let prompt = randomTokens(4000, below: 160, seed: 3)
        let (other, context) = (LoneSequence(in: engine), LoneSequence(in: engine))
        for context in [other, context] { try context.begin(prompt) }
        Self.read(other, upTo: 32)
        #expect(context.sharedEnd(with: other) == 32)
        Self.read(other)
        #expect(context.sharedEnd(with: other) == 0)
    }
}
