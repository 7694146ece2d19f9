import Constraints
import Decoding
import JSON
import Models
import Tensors
import TestSupport
import Testing
import Tokens

/// Constrained decoding with random weights, whose texts would be noise: every plan, greedy and sampled.
struct ConstrainedTests {
    private static let tokenizer = Result { try Model(path: Goldens.embedded).requireTokenizer() }
    private static let prompt = randomTokens(19, below: 1024, seed: 11)

    private static func model(_ format: StorageFormat = .q8_0, seed: UInt64 = 1) throws -> Model {
        let shape = SyntheticModel(layers: 6, headLayers: 3, vocabulary: 1024, format: format, seed: seed)
        return Model(name: "random", try shape.build(), tokenizer: try tokenizer.get())
    }

    private static let schema = #"""
        {"type":"object","properties":{"name":{"type":"string","maxLength":8},"tags":{"type":"array","items":{"enum":["a","bc","d\n"]},
        "minItems":1,"maxItems":3},"size":{"type":"number","minimum":-2.5,"maximum":80},"ok":{"type":["boolean","null"]}},
        "required":["name","tags","size"]}
        """#

    private static func constraints() throws -> [Constraint] {
        [
            try .jsonSchema(schema), try .regularExpression("(the|a) [a-z]{3,9}( [0-9]{2}){1,4}\\."),
            try .grammar("root ::= \"(\" (root | [a-c]) \")\" [x-z]?"),
        ]
    }

    private static func plans(_ model: Model) throws -> [any DecodePlan] {
        let configuration = model.configuration
        return [
            .vanilla, try MultiTokenPlan(factor: 2), try MultiTokenPlan(factor: 4),
            try MultiTokenPlan(factor: 3, rule: .absolute),
            try MultiTokenPlan(factor: 4, rule: CycleRule(headHistory: .refreshed)),
            try AdaptivePlan(maximum: 5, threshold: 0.1),
            try configuration.plan(for: .exit(layers: 4)), try SaturationPlan(cosine: 0.9), try VerifiedPlan(factor: 4),
            try SelfSpeculativePlan(exitLayer: 3, draftCount: 4, of: configuration), try DraftedPlan(.text),
            try DraftedPlan(.model, draftCount: 3),
        ]
    }

    private static let samplings = [
        SamplingParameters.greedy, SamplingParameters(temperature: 1.3, topK: 30, topP: 0.95, seed: 4),
        SamplingParameters(temperature: 0, repetitionPenalty: 1.2),
    ]

    private static func generate(
        _ model: Model, _ plan: any DecodePlan, _ options: GenerationOptions,
        selection: TokenSelection = TokenSelection()
    ) throws -> (tokens: [GeneratedToken], generator: Generator) {
        let generator = Generator(model, options: SessionOptions(threadCount: 1))
        try generator.begin(prompt, plan: plan, options: options, selection: selection)
        var tokens: [GeneratedToken] = []
        while let token = try generator.step() { tokens.append(token) }
        return (tokens, generator)
    }

    /// Whether the tokens, each as its bytes, keep a constraint from its start; and whether the text is complete.
    private static func check(_ ids: [Int], _ model: Model, _ constraint: Constraint) throws -> Bool {
        let fresh = try TokenConstraint(constraint, TokenTrie(try tokenizer.get().textBytes))
        var state = fresh.start
        for (index, id) in ids.enumerated() {
            if model.endTokens.contains(id) {
                #expect(index == ids.count - 1)
                return fresh.accepts(state)
            }
            state = try #require(try fresh.next(state, id), "token \(id) after \(ids[..<index])")
        }
        return fresh.accepts(state)
    }

    @Test("under every plan each token keeps the constraint, and a text that ends is complete")
    func everyPlan() throws {
        let plain = try Self.model()
        let model = try plain.drafted(by: try Self.model(seed: 2))
        for constraint in try Self.constraints() {
            for plan in try Self.plans(model) {
                for sampling in Self.samplings {
                    let options = GenerationOptions(maximumTokens: 120, sampling: sampling, constraint: constraint)
                    let (tokens, generator) = try Self.generate(model, plan, options)
                    let isComplete = try Self.check(tokens.map(\.id), model, constraint)
                    #expect(isComplete || generator.finishReason == .length, "\(plan.name)")
                    #expect(generator.finishReason == .stop || tokens.count == 120)
                }
            }
        }
    }

    @Test("JSON by a schema parses, with every plan and many seeds")
    func json() throws {
        let model = try Self.model().drafted(by: try Self.model(seed: 2))
        let constraint = try Constraint.jsonSchema(Self.schema)
        for plan in try Self.plans(model) {
            for seed in 0..<6 as Range<UInt64> {
                let options = GenerationOptions(
                    sampling: SamplingParameters(temperature: 2, seed: seed), constraint: constraint)
                let (tokens, generator) = try Self.generate(model, plan, options)
                #expect(generator.finishReason == .stop)
                let text = tokens.map(\.text).joined()
                let value = try JSONValue(parsing: Array(text.utf8), limits: .configuration)
                #expect(value["name"]?.stringValue?.unicodeScalars.count ?? 99 <= 8, "\(text)")
                #expect((1...3).contains(value["tags"]?.arrayValue?.count ?? 0))
                #expect((-2.5...80).contains(value["size"]?.doubleValue ?? .nan))
            }
        }
    }

    @Test("plans that keep vanilla's text keep it under a constraint, and drafts are accepted")
    func lossless() throws {
        let plain = try Self.model()
        // The same model drafts: its drafts are right, if the constraint holds for them too.
        let model = try plain.drafted(by: plain)
        for constraint in try Self.constraints() {
            for sampling in Self.samplings {
                let options = GenerationOptions(maximumTokens: 80, sampling: sampling, constraint: constraint)
                let expected = try Self.generate(model, .vanilla, options).tokens.map(\.id)
                for plan in try Self.plans(model) where plan.drafting != nil {
                    let (tokens, generator) = try Self.generate(model, plan, options)
                    #expect(tokens.map(\.id) == expected, "\(plan.name)")
                    guard plan.drafting?.source == .model, sampling.repetitionPenalty ?? 1 == 1 else { continue }
                    let drafts = generator.statistics.drafts
                    #expect(drafts.acceptedTotal == drafts.draftedTotal, "\(plan.name)")
                }
            }
        }
    }

    @Test(
        "each token is chosen from the logits of the whole text computed anew, with the mask of its bytes",
        arguments: [
            StorageFormat.f32, .q8_0,
        ])
    func recomputing(_ format: StorageFormat) throws {
        let model = try Self.model(format)
        let constraint = try Constraint.jsonSchema(Self.schema)
        let fresh = try TokenConstraint(constraint, TokenTrie(try Self.tokenizer.get().textBytes))
        let options = GenerationOptions(maximumTokens: 30, sampling: .greedy, logprobCount: 4, constraint: constraint)
        for plan in try Self.plans(model) where plan.drafting?.source != .model && plan.cycleEnd == nil {
            let stack = plan.model(from: model).stack
            let (tokens, _) = try Self.generate(model, plan, options)
            var state = fresh.start
            for (index, token) in tokens.enumerated() {
                let lone = try LoneSequence(stack, options: SessionOptions(threadCount: 1))
                let text = Self.prompt + tokens[..<index].map(\.id)
                try lone.begin(text, plan: recomputed(plan, promptCount: Self.prompt.count))
                lone.run()
                var allowed: [Int] = fresh.accepts(state) ? Array(model.endTokens) : []
                try fresh.mask(state).forEach(below: 1024) { allowed.append($0) }
                let best = allowed.max { (lone.logits[$0], -$0) < (lone.logits[$1], -$1) }
                #expect(token.id == best, "\(plan.name), token \(index)")
                // Probabilities are those among the allowed tokens.
                #expect(Set(token.logprobs.map(\.id)).isSubset(of: allowed))
                #expect(token.logprobs.count == min(4, allowed.count))
                guard !model.endTokens.contains(token.id) else { break }
                state = try #require(try fresh.next(state, token.id))
            }
        }
    }

    @Test("sequences of a batch with several constraints are each as alone")
    func batch() throws {
        let model = try Self.model()
        let engine = try Engine(model.stack, options: SessionOptions(threadCount: 2), batchSize: 12)
        var running: [(generator: Generator, sequence: TokenSequence, expected: [Int])] = []
        for (number, constraint) in (try Self.constraints() + Self.constraints()).enumerated() {
            for plan in [.vanilla, try VerifiedPlan(factor: 3)] as [any DecodePlan] {
                let options = GenerationOptions(
                    maximumTokens: 50, sampling: SamplingParameters(temperature: 1, seed: UInt64(number)),
                    constraint: constraint)
                let sequence = engine.makeSequence()
                let generator = Generator(model, sharing: engine, sequence: sequence)
                try generator.begin(Self.prompt, plan: plan, options: options)
                running.append((generator, sequence, try Self.generate(model, plan, options).tokens.map(\.id)))
            }
        }
        while true {
            let open = running.filter { $0.generator.finishReason == nil }
            guard !open.isEmpty else { break }
            engine.run(open.map(\.sequence))
            for one in open { _ = try one.generator.take() }
        }
        for one in running { #expect(Array(one.sequence.tokens.dropFirst(Self.prompt.count)) == one.expected) }
    }

    @Test("metered tokens are compared with vanilla's choice under the same constraint")
    func meter() throws {
        let model = try Self.model()
        let constraint = try Constraint.jsonSchema(Self.schema)
        let options = GenerationOptions(maximumTokens: 60, sampling: .greedy, isMetered: true, constraint: constraint)
        let (tokens, generator) = try Self.generate(model, .vanilla, options)
        generator.finishMetering()
        #expect(generator.statistics.agreement?.choices == tokens.map(\.id))
    }

    @Test("with ends ignored, the text ends where nothing can follow")
    func ignoringEnds() throws {
        let model = try Self.model()
        let options = GenerationOptions(
            maximumTokens: 50, ignoresEnd: true, constraint: try .regularExpression("[a-z]{5}"))
        let (tokens, generator) = try Self.generate(model, .vanilla, options)
        #expect(generator.finishReason == .stop)
        #expect(tokens.map(\.text).joined().utf8.count == 5)
        #expect(tokens.allSatisfy { !model.endTokens.contains($0.id) })
    }

    @Test("processors come before the constraint, and a sampler of the program's own is held to it")
    func selection() throws {
        struct First: TokenSampler {
            mutating func sample(_ logits: Span<Float>) -> Int { 5 }
        }
        struct Forbidding: LogitProcessor {
            mutating func process(_ logits: inout MutableSpan<Float>) {
                for token in logits.indices { logits[token] = token == 5 ? 0 : -.infinity }
            }
        }
        let model = try Self.model()
        let options = GenerationOptions(maximumTokens: 9, constraint: try .regularExpression("[0-9]+"))
        #expect(throws: ConstraintError.tokenNotAllowed(5)) {
            try Self.generate(model, .vanilla, options, selection: TokenSelection(sampler: First()))
        }
        #expect(throws: SamplingError.noTokenAllowed) {
            try Self.generate(model, .vanilla, options, selection: TokenSelection(processors: [Forbidding()]))
        }
    }

    @Test(
        "a model without a tokenizer refuses constraints, and a constraint that cannot be kept leaves the session as it was"
    )
    func refusals() throws {
        let bare = Model(name: "bare", try SyntheticModel(layers: 4, headLayers: 2).build())
        let options = GenerationOptions(constraint: .jsonObject)
        let generator = Generator(bare, options: SessionOptions(threadCount: 1))
        #expect(throws: GenerationError.noTokenizer(model: "bare")) {
            try generator.begin([1], plan: .vanilla, options: options)
        }
        #expect(generator.tokens.isEmpty)
        let other = Generator(try Self.model(), options: SessionOptions(threadCount: 1))
        #expect(throws: ConstraintError.unsatisfiable) {
            try other.begin([1], plan: .vanilla, options: GenerationOptions(constraint: try .jsonSchema("false")))
        }
        #expect(other.tokens.isEmpty)
    }
}
