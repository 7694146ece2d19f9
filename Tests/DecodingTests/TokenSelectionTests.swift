import Decoding
import Models
import Tensors
import TestSupport
import Testing

/// Subtracts from the logits of tokens that came shortly before, prompt included: its state decides every token.
private struct Reluctance: LogitProcessor {
    private var recent: [Int] = []

    mutating func observe(_ token: Int, isGenerated: Bool) { recent = recent.suffix(5) + [token] }

    mutating func process(_ logits: inout MutableSpan<Float>) {
        for token in recent { logits[token] -= 3 }
    }
}

/// Allows what a function of the tokens so far says.
private struct Allowing: LogitProcessor {
    let rule: @Sendable ([Int]) -> [Int]?
    private var tokens: [Int] = []

    init(_ rule: @escaping @Sendable ([Int]) -> [Int]?) { self.rule = rule }

    mutating func observe(_ token: Int, isGenerated: Bool) { tokens.append(token) }
    mutating func allowedTokens() -> [Int]? { rule(tokens) }
}

private struct Writing: LogitProcessor {
    let value: Float
    let token: Int

    mutating func process(_ logits: inout MutableSpan<Float>) { logits[token] = value }
}

/// Takes the second most likely token.
private struct SecondBest: TokenSampler {
    mutating func sample(_ logits: Span<Float>) -> Int {
        let order = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
        return order[1]
    }
}

private struct Refusal: Error, Equatable {}

struct TokenSelectionTests {
    private static let shape = SyntheticModel(layers: 6, headLayers: 3)
    private static let prompt = randomTokens(21, below: 160, seed: 5)

    private static func plans(_ configuration: ModelConfiguration) throws -> [any DecodePlan] {
        let shadow = try CycleRule(history: .shadow)
        return [
            .vanilla, try MultiTokenPlan(factor: 4), try MultiTokenPlan(factor: 3, rule: .absolute),
            try MultiTokenPlan(factor: 4, rule: shadow), try configuration.plan(for: .exit(layers: 4)),
            try SaturationPlan(cosine: 0.9), try SelfSpeculativePlan(exitLayer: 3, draftCount: 4, of: configuration),
            try VerifiedPlan(factor: 4), try DraftedPlan(.text),
            try MultiTokenPlan(factor: 4, rule: CycleRule(headHistory: .refreshed)),
        ]
    }

    private static func generate(
        _ model: LayerStack, _ plan: any DecodePlan, _ selection: TokenSelection,
        _ options: GenerationOptions = GenerationOptions(maximumTokens: 40, ignoresEnd: true, logprobCount: 3)
    ) throws -> [GeneratedToken] {
        let generator = Generator(Model(name: "test", model), options: SessionOptions(threadCount: 2))
        try generator.begin(prompt, plan: plan, options: options, selection: selection)
        var tokens: [GeneratedToken] = []
        while let token = try generator.step() { tokens.append(token) }
        return tokens
    }

    /// The same by hand: a sequence's own logits, copied and changed.
    private static func expected(
        _ model: LayerStack, _ plan: any DecodePlan, count: Int = 40
    ) throws -> (tokens: [Int], logprobs: [[TokenLogprob]]) {
        let lone = try LoneSequence(model, options: SessionOptions(threadCount: 2))
        var processor = Reluctance()
        for token in prompt { processor.observe(token, isGenerated: false) }
        try lone.begin(prompt, plan: plan)
        var tokens: [Int] = []
        var found: [[TokenLogprob]] = []
        for _ in 0..<count {
            lone.run()
            var logits = Array(lone.logits)
            var span = logits.mutableSpan
            processor.process(&span)
            let token = try #require(logits.withUnsafeBufferPointer(\.argmax))
            found.append(logprobs(of: lone.logits, sampled: token, count: 3))
            tokens.append(token)
            try lone.append(token)
            processor.observe(token, isGenerated: true)
        }
        return (tokens, found)
    }

    @Test("a processor changes the choice under every plan, the model's own logprobs and later logits stay as they are")
    func plans() throws {
        let model = try Self.shape.build()
        for plan in try Self.plans(model.configuration) {
            let stack = plan.model(from: Model(name: "test", model)).stack
            let tokens = try Self.generate(model, plan, TokenSelection(processors: [Reluctance()]))
            let expected = try Self.expected(stack, plan)
            #expect(tokens.map(\.id) == expected.tokens, "\(plan.name)")
            #expect(tokens.map(\.logprobs) == expected.logprobs, "\(plan.name)")
            #expect(try Self.generate(model, plan, TokenSelection()).map(\.id) != expected.tokens)
        }
    }

    private static func screenedPair() throws -> (plain: LayerStack, screened: LayerStack) {
        var shape = SyntheticModel(
            layers: 4, headLayers: 2, hidden: 256, headWidth: 64, feedForward: 256, format: .q8_0)
        let plain = try shape.build()
        shape.screens = true
        return (plain, try shape.build())
    }

    @Test("routed layers and a screened lm_head take processors too")
    func routedAndScreened() throws {
        let routed = try SyntheticModel(routed: [6, 7, 8, 9, 10]).build()
        let processors = TokenSelection(processors: [Reluctance()])
        #expect(
            try Self.generate(routed, .flexiDepth, processors).map(\.id) == Self.expected(routed, .flexiDepth).tokens)
        let (plain, screened) = try Self.screenedPair()
        let options = GenerationOptions(maximumTokens: 40, ignoresEnd: true)
        let tokens = try Self.generate(screened, .vanilla, processors, options).map(\.id)
        #expect(try tokens == Self.expected(plain, .vanilla).tokens)
    }

    @Test("a draft that the processor agrees with is kept, one that it does not is forgotten")
    func drafts() throws {
        let model = try Self.shape.build()
        let plan = try SelfSpeculativePlan(exitLayer: 5, draftCount: 3, of: model.configuration)
        let processors = TokenSelection(processors: [Reluctance()])
        let generator = Generator(Model(name: "test", model), options: SessionOptions(threadCount: 2))
        try generator.begin(
            Self.prompt, plan: plan, options: GenerationOptions(maximumTokens: 60, ignoresEnd: true),
            selection: processors)
        var tokens: [Int] = []
        while let token = try generator.step() { tokens.append(token.id) }
        #expect(tokens == (try Self.expected(model, .vanilla, count: 60).tokens))
        #expect(generator.statistics.passes.headPasses < 59)
    }

    @Test("each generation begins with the processors as they were given")
    func fresh() throws {
        let model = try Self.shape.build()
        let processors = TokenSelection(processors: [Reluctance()])
        let first = try Self.generate(model, .vanilla, processors)
        #expect(try Self.generate(model, .vanilla, processors) == first)
    }

    @Test("only allowed tokens come, those that all processors allow, and a single one is forced")
    func allowed() throws {
        let model = try Self.shape.build()
        for sampling in [SamplingParameters.greedy, SamplingParameters(temperature: 2, topK: 20, topP: 0.9, seed: 1)] {
            let options = GenerationOptions(
                maximumTokens: 30, sampling: sampling, ignoresEnd: true, logprobCount: 0)
            let few = Allowing { _ in [9, 3, 77, 140, 3] }
            let odd = Allowing { _ in Array(stride(from: 1, to: 160, by: 2)) }
            let ids = try Self.generate(model, .vanilla, TokenSelection(processors: [few, odd]), options).map(\.id)
            #expect(ids.count == 30 && Set(ids).isSubset(of: [9, 3, 77]))
            let forced = Allowing { tokens in [tokens.count % 160] }
            let count = Self.prompt.count
            #expect(
                try Self.generate(model, .vanilla, TokenSelection(processors: [forced]), options).map(\.id)
                    == Array(count..<count + 30))
        }
    }

    @Test("no token left, an id out of range, NaN and +infinity are named; the session keeps its tokens")
    func refusals() throws {
        let model = try Self.shape.build()
        func refusal(_ processor: any LogitProcessor) -> SamplingError? {
            #expect(throws: SamplingError.self) {
                try Self.generate(model, .vanilla, TokenSelection(processors: [processor]))
            }
        }
        #expect(refusal(Allowing { _ in [] }) == .noTokenAllowed)
        #expect(refusal(Allowing { _ in [4, 160] }) == .allowedTokenOutOfRange(160, vocabularySize: 160))
        #expect(refusal(Allowing { _ in [-1] }) == .allowedTokenOutOfRange(-1, vocabularySize: 160))
        #expect(refusal(Writing(value: .nan, token: 3)) == .processedNotFinite)
        #expect(refusal(Writing(value: .infinity, token: 3)) == .processedNotFinite)
        let generator = Generator(Model(name: "test", model), options: SessionOptions(threadCount: 1))
        let atEight = Allowing { $0.count < Self.prompt.count + 3 ? nil : [] }
        try generator.begin(
            Self.prompt, plan: .vanilla, options: GenerationOptions(ignoresEnd: true),
            selection: TokenSelection(processors: [atEight]))
        for _ in 0..<3 { #expect(try generator.step() != nil) }
        #expect(throws: SamplingError.noTokenAllowed) { try generator.step() }
        #expect(generator.tokens.count == Self.prompt.count + 3)
    }

    @Test("a processor's own error ends the generation")
    func ownError() throws {
        struct Refusing: LogitProcessor {
            mutating func process(_ logits: inout MutableSpan<Float>) throws { throw Refusal() }
        }
        let model = try Self.shape.build()
        #expect(throws: Refusal()) {
            try Self.generate(model, .vanilla, TokenSelection(processors: [Refusing()]))
        }
    }

    @Test("a sampler of the program's own chooses after the processors, and is held to the vocabulary")
    func sampler() throws {
        let model = try Self.shape.build()
        let few = Allowing { _ in [9, 3] }
        let tokens = try Self.generate(model, .vanilla, TokenSelection(processors: [few], sampler: SecondBest()))
        let best = try Self.generate(model, .vanilla, TokenSelection(processors: [few]))
        #expect(tokens[0].id == (best[0].id == 9 ? 3 : 9))
        struct Beyond: TokenSampler {
            mutating func sample(_ logits: Span<Float>) -> Int { logits.count }
        }
        #expect(throws: SessionError.tokenOutOfRange(160, vocabularySize: 160)) {
            try Self.generate(model, .vanilla, TokenSelection(sampler: Beyond()))
        }
        let (plain, screened) = try Self.screenedPair()
        let options = GenerationOptions(maximumTokens: 20, ignoresEnd: true)
        let own = TokenSelection(sampler: SecondBest())
        #expect(
            try Self.generate(screened, .vanilla, own, options).map(\.id)
                == Self.generate(plain, .vanilla, own, options).map(\.id))
    }
}
