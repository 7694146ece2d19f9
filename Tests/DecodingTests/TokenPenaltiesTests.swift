import Decoding
import Foundation
import TestSupport
import Testing

/// The three penalties follow their authors' definitions.
struct TokenPenaltiesTests {
    /// The token that a greedy sampler takes after a prompt and an answer.
    private static func choice(
        _ logits: [Float], _ parameters: SamplingParameters, prompt: [Int] = [], answer: [Int] = []
    ) throws -> Int {
        var sampler = Sampler(parameters, vocabularySize: logits.count)
        for token in prompt { sampler.observe(token, isGenerated: false) }
        for token in answer { sampler.observe(token, isGenerated: true) }
        return try logits.withUnsafeBufferPointer { try sampler.sample($0) }
    }

    @Test("presence and frequency penalty count only the answer, the repetition penalty also the prompt")
    func scopes() throws {
        let logits: [Float] = [3, 2.9]
        #expect(try Self.choice(logits, SamplingParameters(presencePenalty: 1), prompt: [0]) == 0)
        #expect(try Self.choice(logits, SamplingParameters(presencePenalty: 1), answer: [0]) == 1)
        #expect(try Self.choice(logits, SamplingParameters(frequencyPenalty: 1), prompt: [0, 0]) == 0)
        #expect(try Self.choice(logits, SamplingParameters(frequencyPenalty: 1), answer: [0]) == 1)
        #expect(try Self.choice(logits, SamplingParameters(repetitionPenalty: 2), prompt: [0]) == 1)
        #expect(try Self.choice(logits, SamplingParameters(repetitionPenalty: 2), answer: [0]) == 1)
    }

    @Test("frequency grows with each occurrence, presence does not")
    func growth() throws {
        let logits: [Float] = [3, 2]
        #expect(try Self.choice(logits, SamplingParameters(frequencyPenalty: 0.4), answer: [0, 0]) == 0)
        #expect(try Self.choice(logits, SamplingParameters(frequencyPenalty: 0.4), answer: [0, 0, 0]) == 1)
        #expect(try Self.choice(logits, SamplingParameters(presencePenalty: 0.9), answer: [0, 0, 0]) == 0)
    }

    @Test("negative penalties make seen tokens more likely")
    func negative() throws {
        #expect(try Self.choice([3, 2], SamplingParameters(presencePenalty: -1.5), answer: [1]) == 1)
        #expect(try Self.choice([3, 2], SamplingParameters(frequencyPenalty: -0.6), answer: [1, 1]) == 1)
    }

    @Test("the repetition penalty ignores tokens before its window")
    func window() throws {
        let parameters = SamplingParameters(repetitionPenalty: 2, repetitionWindow: 2)
        #expect(try Self.choice([3, 2, 0, 0], parameters, prompt: [0, 2]) == 1)
        #expect(try Self.choice([3, 2, 0, 0], parameters, prompt: [0, 2], answer: [3]) == 0)
        #expect(try Self.choice([3, 2, 0, 0], parameters, prompt: [0, 2, 0, 3]) == 1)
    }

    @Test("choices over random texts equal those of a direct implementation in 32-bit floats")
    func definitions() throws {
        var random = SeededGenerator(seed: 91)
        for _ in 0..<300 {
            let size = Int.random(in: 2...40, using: &random)
            let logits = (0..<size).map { _ in Float.random(in: -4...4, using: &random) }
            func tokens() -> [Int] {
                let count = Int.random(in: 0...30, using: &random)
                return (0..<count).map { _ in .random(in: 0..<size, using: &random) }
            }
            let (prompt, answer) = (tokens(), tokens())
            let window = Bool.random(using: &random) ? Int.random(in: 1...20, using: &random) : nil
            let parameters = SamplingParameters(
                repetitionPenalty: Float.random(in: 0.5...2, using: &random), repetitionWindow: window,
                presencePenalty: Float.random(in: -2...2, using: &random),
                frequencyPenalty: Float.random(in: -2...2, using: &random))
            var expected = logits
            for token in Set((prompt + answer).suffix(window ?? .max)) {
                let penalty = parameters.repetitionPenalty ?? 1
                expected[token] = logits[token] < 0 ? logits[token] * penalty : logits[token] / penalty
            }
            for token in Set(answer) {
                expected[token] -= (parameters.frequencyPenalty ?? 0) * Float(answer.count { $0 == token })
                expected[token] -= parameters.presencePenalty ?? 0
            }
            let best = try #require(expected.max().flatMap { expected.firstIndex(of: $0) })
            #expect(try Self.choice(logits, parameters, prompt: prompt, answer: answer) == best)
        }
    }

    @Test("penalties out of range are refused by name")
    func ranges() {
        #expect(throws: SamplingError.presencePenalty(2.5)) { try SamplingParameters(presencePenalty: 2.5).check() }
        #expect(throws: SamplingError.frequencyPenalty(-3)) { try SamplingParameters(frequencyPenalty: -3).check() }
        #expect(throws: SamplingError.repetitionWindow(0)) { try SamplingParameters(repetitionWindow: 0).check() }
        #expect(throws: (any Error).self) { try SamplingParameters(presencePenalty: .nan).check() }
    }
}
