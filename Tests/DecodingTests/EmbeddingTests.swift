import Decoding
import Foundation
import Models
import Tensors
import TestSupport
import Testing
import Tokens

private let smolLM2 = ProcessInfo.processInfo.environment["VOLLEY_SMOLLM2"].flatMap {
    FileManager.default.isReadableFile(atPath: $0) ? $0 : nil
}

struct EmbeddingTests {
    private struct Golden: Decodable {
        let model: String?
        let text: String?
        let ids: [Int]
        let mean: [Float]
        let last: [Float]
    }

    private static func expectEqual(_ generator: Generator, _ golden: Golden, tolerance: Float) throws {
        for (pooling, expected) in [(EmbeddingPooling.mean, golden.mean), (.last, golden.last)] {
            let found = try generator.embedding(of: golden.ids, pooling: pooling, plan: .vanilla)
            let difference = largestDifference(found, expected)
            #expect(found.count == expected.count && difference < tolerance, "\(pooling): \(difference)")
            #expect(abs(found.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        }
    }

    @Test("means and last states are those of transformers")
    func goldens() throws {
        let cases = try Goldens.decode([Golden].self, "embeddings/small.json")
        #expect(cases.count == 6)
        for golden in cases {
            let model = try Model(path: Goldens.url("dmtd/\(#require(golden.model))").path)
            let generator = Generator(model, options: SessionOptions(threadCount: 2, kvFormat: .f32))
            try Self.expectEqual(generator, golden, tolerance: 2e-5)
        }
    }

    @Test("and of a real model of English", .enabled(if: smolLM2 != nil, "VOLLEY_SMOLLM2 names no file"))
    func english() throws {
        let model = try Model(path: #require(smolLM2))
        for golden in try Goldens.decode([Golden].self, "embeddings/smollm2.json") {
            #expect(try model.requireTokenizer().encode(#require(golden.text), addSpecial: true) == golden.ids)
            let generator = Generator(model, options: SessionOptions(threadCount: 2, kvFormat: .f32))
            try Self.expectEqual(generator, golden, tolerance: 1e-3)
        }
    }

    @Test("the last state is the one whose logits the model gives, over several passes; the mean is that of all states")
    func longPrompt() throws {
        let model = Model(name: "test", try SyntheticModel(contextLength: 2048).build())
        let tokens = randomTokens(1200, below: 160, seed: 1)
        let generator = Generator(model, options: SessionOptions(threadCount: 2))
        for plan in [.vanilla, try MultiTokenPlan(factor: 4)] as [any DecodePlan] {
            let lone = try LoneSequence(model.stack, options: SessionOptions(threadCount: 2))
            try lone.begin(tokens, plan: plan)
            var states: [Int: [Float]] = [:]
            lone.run(wanted: .states { states[$0] = Array($1) })
            #expect(states.count == 1200)
            let sums = (0..<64).map { index in states.values.reduce(0.0) { $0 + Double($1[index]) } }
            let length = sums.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let mean = try generator.embedding(of: tokens, pooling: .mean, plan: plan)
            #expect(largestDifference(mean, sums.map { Float($0 / length) }) < 1e-6)
            let logits = AlignedBuffer<Float>(count: 160)
            let state = try #require(states[1199])
            for row in 0..<160 {
                let weights = AlignedBuffer<Float>(count: 64)
                model.stack.vocabularyHead.copyRow(row, to: weights.pointer)
                logits.pointer[row] = (0..<64).reduce(0) { $0 + weights.pointer[$1] * state[$1] }
            }
            lone.truncate(to: 0)
            try lone.begin(tokens, plan: plan)
            lone.run()
            #expect(largestDifference(lone.logits, UnsafeBufferPointer(start: logits.pointer, count: 160)) < 1e-4)
        }
    }

    @Test("a session's text stays as it is, and prompts that it cannot take are refused")
    func besideAText() throws {
        let model = Model(name: "test", try SyntheticModel(contextLength: 64).build())
        let options = GenerationOptions(maximumTokens: 12, ignoresEnd: true, logprobCount: 2)
        func tokens(embedding: Bool) throws -> [GeneratedToken] {
            let generator = Generator(model, options: SessionOptions(threadCount: 2))
            try generator.begin([1, 2, 3], plan: MultiTokenPlan(factor: 4), options: options)
            var tokens: [GeneratedToken] = []
            while let token = try generator.step() {
                tokens.append(token)
                if embedding { _ = try generator.embedding(of: [7, 8, 9], pooling: .mean, plan: .vanilla) }
            }
            return tokens
        }
        #expect(try tokens(embedding: true) == tokens(embedding: false))
        let generator = Generator(model, options: SessionOptions(threadCount: 1))
        #expect(throws: SessionError.emptyPrompt) { try generator.embedding(of: [], pooling: .mean, plan: .vanilla) }
        #expect(throws: SessionError.tokenOutOfRange(160, vocabularySize: 160)) {
            try generator.embedding(of: [160], pooling: .mean, plan: .vanilla)
        }
        #expect(throws: SessionError.promptTooLong(count: 65, contextLength: 64)) {
            try generator.embedding(of: Array(repeating: 1, count: 65), pooling: .last, plan: .vanilla)
        }
    }
}
