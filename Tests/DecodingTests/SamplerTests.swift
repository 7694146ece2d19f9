import Decoding
import Foundation
import Testing

struct SamplerTests {
    static func draw(_ logits: [Float], _ parameters: SamplingParameters, count: Int, seen: [Int] = []) throws -> [Int]
    {
        var sampler = Sampler(parameters, vocabularySize: logits.count)
        for token in seen { sampler.observe(token, isGenerated: false) }
        return try logits.withUnsafeBufferPointer { buffer in
            try (0..<count).map { _ in try sampler.sample(buffer) }
        }
    }

    @Test("greedy decoding takes the largest logit, the first if several are equal")
    func greedyChoice() throws {
        #expect(try Self.draw([1, 3, 3, 2], .greedy, count: 2) == [1, 1])
        #expect(try Self.draw([-.infinity, -5], .greedy, count: 1) == [1])
    }

    @Test("samples follow softmax(logits / temperature)")
    func distribution() throws {
        let logits: [Float] = [0, 1, 2, -1]
        let parameters = SamplingParameters(temperature: 0.7, seed: 11)
        let count = 40_000
        var observed = [0.0, 0, 0, 0]
        for token in try Self.draw(logits, parameters, count: count) { observed[token] += 1 }
        let weights = logits.map { Double(exp($0 / 0.7)) }
        let total = weights.reduce(0, +)
        var chiSquared = 0.0
        for (seen, weight) in zip(observed, weights) {
            let expected = weight / total * Double(count)
            chiSquared += (seen - expected) * (seen - expected) / expected
        }
        // 3 degrees of freedom: a correct sampler fails for one seed in 10,000. This seed is fixed.
        #expect(chiSquared < 21.1)
    }

    @Test("top-k, top-p and min-p keep the right tokens")
    func filters() throws {
        let logits: [Float] = [0.1, 3, 2.9, -2, 1]  // softmax: 0.027 0.483 0.437 0.003 0.065 (about)
        func kept(_ parameters: SamplingParameters) throws -> Set<Int> {
            Set(try Self.draw(logits, parameters, count: 4_000))
        }
        #expect(try kept(SamplingParameters(temperature: 1, seed: 1)).count == 5)
        #expect(try kept(SamplingParameters(temperature: 1, topK: 2, seed: 1)) == [1, 2])
        #expect(try kept(SamplingParameters(temperature: 1, topK: 99, seed: 1)).count == 5)
        #expect(try kept(SamplingParameters(temperature: 1, topP: 0.4, seed: 1)) == [1])
        #expect(try kept(SamplingParameters(temperature: 1, topP: 0.95, seed: 1)) == [1, 2, 4])
        #expect(try kept(SamplingParameters(temperature: 1, topK: 2, topP: 0.95, seed: 1)) == [1, 2])
        #expect(try kept(SamplingParameters(temperature: 1, minP: 0.1, seed: 1)) == [1, 2, 4])
        #expect(try kept(SamplingParameters(temperature: 1, minP: 1, seed: 1)) == [1])
    }

    @Test("filters keep the order of probabilities; equally likely tokens are all sampled")
    func filteredDistribution() throws {
        let logits = [Float](repeating: 0, count: 64)
        let parameters = SamplingParameters(temperature: 1, topK: 4, seed: 5)
        let drawn = try Self.draw(logits, parameters, count: 4_000)
        let counts = Dictionary(grouping: drawn, by: \.self).mapValues(\.count)
        #expect(Set(counts.keys) == [0, 1, 2, 3])
        #expect(counts.values.allSatisfy { (850...1150).contains($0) })
    }

    @Test("the repetition penalty makes seen tokens less likely, for positive and negative logits")
    func repetition() throws {
        let parameters = SamplingParameters(repetitionPenalty: 2)
        #expect(try Self.draw([3, 2], parameters, count: 1, seen: [0]) == [1])
        #expect(try Self.draw([-1, -1.5], parameters, count: 1, seen: [0]) == [1])
        #expect(try Self.draw([3, 2], parameters, count: 1) == [0])
    }

    @Test("the same seed gives the same tokens, another seed other tokens")
    func seeds() throws {
        let logits = (0..<50).map { Float($0 % 7) }
        func tokens(_ seed: UInt64) throws -> [Int] {
            try Self.draw(logits, SamplingParameters(temperature: 1, topP: 0.9, seed: seed), count: 50)
        }
        #expect(try tokens(1) == tokens(1))
        #expect(try tokens(1) != tokens(2))
    }

    @Test("logits that are not finite give an error, not a token")
    func notFinite() {
        for logits in [[Float.nan, 1], [1, .nan], [.infinity, 0], [-.infinity, -.infinity]] as [[Float]] {
            #expect(throws: SamplingError.logitsNotFinite) { try Self.draw(logits, .greedy, count: 1) }
        }
    }

    @Test("parameters out of range are refused by name")
    func ranges() {
        #expect(throws: SamplingError.temperature(-1)) { try SamplingParameters(temperature: -1).check() }
        #expect(throws: SamplingError.topK(-1)) { try SamplingParameters(topK: -1).check() }
        #expect(throws: SamplingError.topP(0)) { try SamplingParameters(topP: 0).check() }
        #expect(throws: SamplingError.minP(2)) { try SamplingParameters(minP: 2).check() }
        #expect(throws: SamplingError.repetitionPenalty(0)) { try SamplingParameters(repetitionPenalty: 0).check() }
        #expect(throws: GenerationError.emptyStop) { try GenerationOptions(stops: ["a", ""]).check() }
    }

    @Test("logprobs are the model's own, most likely first, the sampled token always among them")
    func logprobs() {
        let logits: [Float] = [0, 2, 1, 2]
        let found = logits.withUnsafeBufferPointer { Decoding.logprobs(of: $0, sampled: 0, count: 2) }
        #expect(found.map(\.id) == [1, 3, 0])
        let normaliser: Double = log(1 + 2 * exp(2.0) + exp(1.0))
        #expect(abs(Double(found[0].logprob) - (2 - normaliser)) < 1e-5)
        #expect(abs(Double(found[2].logprob) + normaliser) < 1e-5)
    }

    @Test("logprobs report the requested number of most likely tokens, and always the sampled one")
    func logprobCounts() {
        let logits: [Float] = [1, 4, 2, 3]
        let ids = [0, 1, 2, 4].map { count in
            logits.withUnsafeBufferPointer { Decoding.logprobs(of: $0, sampled: 2, count: count).map(\.id) }
        }
        #expect(ids == [[2], [1, 2], [1, 3, 2], [1, 3, 2, 0]])
    }
}
