import Constraints
import Decoding
import Models
import Tensors
import TestSupport
import Testing
import Tokens

/// Reasoning ends after its budget, with every plan, and what follows is the model's own.
struct ThinkingBudgetTests {
    private static let setting = Result { () -> (Model, Tokenizer) in
        let tokenizer = try Model(path: Goldens.embedded).requireTokenizer()
        let stack = try SyntheticModel(layers: 6, headLayers: 3, vocabulary: 1024, format: .q8_0).build()
        return (Model(name: "random", stack, tokenizer: tokenizer), tokenizer)
    }

    private static func generate(
        _ prompt: String, budget: Int?, plan: any DecodePlan = .vanilla, constraint: Constraint? = nil
    ) throws -> String {
        try setting.get().1.decode(
            tokens(prompt, budget: budget, plan: plan, constraint: constraint), skipSpecial: true)
    }

    private static func tokens(
        _ prompt: String, budget: Int?, plan: any DecodePlan = .vanilla, constraint: Constraint? = nil
    ) throws -> [Int] {
        let (model, tokenizer) = try setting.get()
        let generator = Generator(model, options: SessionOptions(threadCount: 1))
        let options = GenerationOptions(
            maximumTokens: 60, sampling: SamplingParameters(temperature: 1.2, seed: 3), ignoresEnd: true,
            constraint: constraint,
            thinkingBudget: budget)
        try generator.begin(tokenizer.encode(prompt, addSpecial: false), plan: plan, options: options)
        var ids: [Int] = []
        while let token = try generator.step() { ids.append(token.id) }
        return ids
    }

    @Test("the closing tag comes after as many tokens as allowed, once, and only in reasoning")
    func closing() throws {
        let (_, tokenizer) = try Self.setting.get()
        for budget in [1, 7, 20] {
            let text = try Self.generate("a\n<think>\n", budget: budget)
            let parts = text.split(separator: "\n</think>\n\n", omittingEmptySubsequences: false)
            #expect(parts.count == 2)
            let tokens = try Self.tokens("a\n<think>\n", budget: budget)
            let end = tokenizer.encode("\n</think>\n\n", addSpecial: false)
            #expect(Array(tokens[budget..<budget + end.count]) == end)
        }
        #expect(try Self.generate("a\n", budget: 5) == Self.generate("a\n", budget: nil))
        #expect(try !Self.generate("a\n<think>\n</think>\n", budget: 5).contains("</think>"))
    }

    @Test("plans that keep vanilla's text keep it with a budget")
    func plans() throws {
        let (model, _) = try Self.setting.get()
        let expected = try Self.generate("<think>\n", budget: 9)
        for plan in try [
            VerifiedPlan(factor: 4), SelfSpeculativePlan(exitLayer: 3, of: model.configuration), DraftedPlan(.text),
        ]
            as [any DecodePlan]
        {
            #expect(try Self.generate("<think>\n", budget: 9, plan: plan) == expected, "\(plan.name)")
        }
        #expect(try Self.generate("<think>\n", budget: 9, plan: MultiTokenPlan(factor: 4)).contains("</think>"))
    }

    @Test("a constraint holds after reasoning, which may be anything, and a budget ends it")
    func constrained() throws {
        let number = try Constraint.regularExpression("[0-9]{3}")
        let text = try Self.generate("<think>\n", budget: 10, constraint: number.after(.open))
        #expect(text.contains("\n</think>\n\n"))
        #expect(text.suffix(3).allSatisfy(\.isNumber) && text.hasSuffix("\n\n" + text.suffix(3)))
        // Without reasoning, the answer itself.
        let plain = try Self.generate("a", budget: nil, constraint: number.after(.none))
        #expect(plain.count == 3 && plain.allSatisfy(\.isNumber))
    }

    @Test("a budget below one token is refused")
    func refusal() throws {
        #expect(throws: GenerationError.thinkingBudget(0)) { try GenerationOptions(thinkingBudget: 0).check() }
    }
}
