import Decoding
import Foundation
import Models
import TestSupport
import Testing
import Tokens

private let smolLM2 = ProcessInfo.processInfo.environment["VOLLEY_SMOLLM2"].flatMap {
    FileManager.default.isReadableFile(atPath: $0) ? $0 : nil
}

/// A real model of English: `make smollm2` fetches it, and `VOLLEY_SMOLLM2` says where it is.
@Suite(.enabled(if: smolLM2 != nil, "VOLLEY_SMOLLM2 names no file"))
struct SmolLM2Tests {
    /// Below this difference of two logits, float32 sums in another order may choose the other token.
    static let nearTie: Float = 0.02

    struct Greedy: Decodable {
        let cases: [Case]

        struct Case: Decodable {
            let name: String
            let text: String
            let promptIDs: [Int]
            /// transformers in float32, and how far its first choice was ahead of its second.
            let tokens: [Int]
            let margins: [Float]

            enum CodingKeys: String, CodingKey {
                case name, text, margins
                case promptIDs = "prompt_ids"
                case tokens = "transformers_tokens"
            }
        }
    }

    private static func load() throws -> LanguageModel { try LanguageModel.load(#require(smolLM2)) }

    @Test("ten prompts: the ids and the 32 greedy tokens of transformers, except from a near-tie on")
    func greedyTokens() throws {
        let language = try Self.load()
        let cases = try Goldens.decode(Greedy.self, "smollm2/greedy.json").cases
        #expect(cases.count == 10)
        for golden in cases {
            #expect(try language.requireTokenizer().encode(golden.text, addSpecial: true) == golden.promptIDs)
            let session = try Session(model: language.model, options: SessionOptions(threadCount: 2))
            let tokens = try greedy(session, golden.promptIDs, .vanilla, count: golden.tokens.count)
            let same = zip(tokens, golden.tokens).prefix { $0 == $1 }.count
            #expect(same == 32 || golden.margins[same] < Self.nearTie, "\(golden.name) differs from token \(same) on")
        }
    }

    @Test("it knows the capital of France and ends its answer")
    func capital() throws {
        let language = try Self.load()
        var conversation = try Conversation(
            language, session: SessionOptions(threadCount: 2), system: nil, thinking: nil, plan: .vanilla)
        var answer = ""
        _ = try conversation.answer(
            "What is the capital of France?", options: GenerationOptions(maximumTokens: 20), isCancelled: { false }
        ) { answer += $0.text }
        #expect(answer == "The capital of France is Paris.")
    }

    @Test("factors run on a model that was not trained for them, and cycle by cycle is what recomputation gives")
    func factors() throws {
        let language = try Self.load()
        let prompt = try language.requireTokenizer().encode("The sea is", addSpecial: true)
        for factor in [2, 4, 6] {
            let plan = try MultiTokenPlan(factor: factor, phase: .prompt)
            let session = try Session(model: language.model, options: SessionOptions(threadCount: 2))
            let tokens = try greedy(session, prompt, plan, count: 24)
            let logits = try ExactnessTests.recomputedLogits(
                language.model, SessionOptions(threadCount: 2), prompt: prompt, then: Array(tokens.dropLast()),
                plan: plan)
            #expect(logits.firstIndex(of: logits.max() ?? 0) == tokens.last)
            #expect(session.passes.trunkPasses < tokens.count)
        }
    }
}
