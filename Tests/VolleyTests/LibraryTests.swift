import Foundation
import TestSupport
import Testing
import Volley

/// A program that imports `Volley` and no room behind it, as README shows it.
struct LibraryTests {
    @Test("tokens come one at a time from an asynchronous sequence")
    func generate() async throws {
        let language = try Model.load(Goldens.url("dmtd/qwen3-tied").path)
        let session = try Session(model: language.stack)
        let generation = try Generation(
            session, prompt: [3, 1, 4, 1, 5], plan: try .multiToken(4),
            options: GenerationOptions(maximumTokens: 8, ignoresEnd: true), tokenizer: language.tokenizer,
            endTokens: language.endTokens)
        var tokens: [Int] = []
        for try await token in generation { tokens.append(token.id) }
        #expect(tokens.count == 8)
        #expect(generation.finishReason == .length)
        #expect(generation.statistics.passes.trunkPasses == 2)
        #expect(session.tokens == [3, 1, 4, 1, 5] + tokens)
    }

    @Test("cancelling the task ends the generation before the next pass")
    func cancel() async throws {
        let language = try Model.load(Goldens.url("dmtd/qwen3-tied").path)
        let task = Task {
            let generation = try Generation(
                try Session(model: language.stack), prompt: [1], plan: .vanilla,
                options: GenerationOptions(maximumTokens: 4000, ignoresEnd: true), tokenizer: nil, endTokens: [])
            var count = 0
            for try await _ in generation {
                count += 1
                if count == 3 { withUnsafeCurrentTask { $0?.cancel() } }
            }
            return (count, generation.finishReason)
        }
        let (count, reason) = try await task.value
        #expect(count == 3)
        #expect(reason == .cancelled)
    }
}
