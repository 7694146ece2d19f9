import Decoding
import Foundation
import Models
import TestSupport
import Testing

/// A model's defaults apply exactly where the options are nil.
struct ModelDefaultsTests {
    private let checkpoint: AlteredCheckpoint
    private let path: String

    init() throws {
        checkpoint = try AlteredCheckpoint()
        path = try checkpoint.write()
    }

    private func model(_ generation: String?) throws -> Model {
        let file = URL(fileURLWithPath: path + "/generation_config.json")
        if let generation {
            try Data(generation.utf8).write(to: file)
        } else {
            try? FileManager.default.removeItem(at: file)
        }
        return try Model(path: path)
    }

    private func answer(
        _ model: Model, _ options: GenerationOptions, prompt: [Int] = [1, 2, 3]
    ) throws -> Generator {
        let generation = try LoneSequence(model.stack, options: SessionOptions(threadCount: 1))
            .generate(prompt, plan: .vanilla, options: options.filled(from: model.generationDefaults))
        while try generation.step() != nil {}
        return generation
    }

    private static let sampled = #"{"do_sample": true, "temperature": 1.5, "top_k": 20, "repetition_penalty": 1.5}"#

    @Test("the file's numbers replace nil; given options stay")
    func filling() throws {
        let defaults = try model(Self.sampled).generationDefaults
        let filled = SamplingParameters(topK: 5, seed: 3).filled(from: defaults)
        #expect(filled == SamplingParameters(temperature: 1.5, topK: 5, repetitionPenalty: 1.5, seed: 3))
        #expect(SamplingParameters.greedy.filled(from: defaults) == .greedy)
        #expect(SamplingParameters().filled(from: .none) == SamplingParameters())
    }

    @Test("sampling reports a seed, which repeats the text; greedy decoding reports none")
    func seeds() throws {
        let model = try model(Self.sampled)
        func tokens(_ sampling: SamplingParameters) throws -> (tokens: [Int], seed: UInt64?) {
            let context = try LoneSequence(model.stack, options: SessionOptions(threadCount: 1))
            let options = GenerationOptions(maximumTokens: 30, sampling: sampling)
            let generation = try context.generate(
                [1, 2], plan: .vanilla, options: options.filled(from: model.generationDefaults))
            while try generation.step() != nil {}
            return (context.tokens, generation.statistics.seed)
        }
        let first = try tokens(SamplingParameters())
        let seed = try #require(first.seed)
        #expect(try tokens(SamplingParameters(seed: seed)) == first)
        #expect(try tokens(SamplingParameters(seed: seed &+ 1)).tokens != first.tokens)
        #expect(try tokens(.greedy).seed == nil)
    }

    @Test("the limit is the caller's, else the file's, else the context")
    func limits() throws {
        let own = try model(#"{"max_new_tokens": 7}"#)
        #expect(try answer(own, GenerationOptions()).tokenLimit == 7)
        #expect(try answer(own, GenerationOptions()).finishReason == .length)
        #expect(try answer(own, GenerationOptions(maximumTokens: 9)).tokenLimit == 9)
        let whole = try model(#"{"max_length": 10}"#)
        #expect(try answer(whole, GenerationOptions()).tokenLimit == 7)
        #expect(try answer(whole, GenerationOptions(maximumTokens: 8)).tokenLimit == 8)
        #expect(try answer(whole, GenerationOptions(), prompt: Array(1...12)).finishReason == .length)
    }

    @Test("without a limit the text continues to the end of the context, and memory grows with it")
    func wholeContext() throws {
        checkpoint.configuration["max_position_embeddings"] = 600
        _ = try checkpoint.write()
        #expect(try answer(model(nil), GenerationOptions()).finishReason == .context)
        checkpoint.configuration["max_position_embeddings"] = 131_072
        _ = try checkpoint.write()
        let context = try LoneSequence(model(nil).stack, options: SessionOptions(threadCount: 1))
        let generation = try context.generate([1, 2, 3], plan: .vanilla, options: GenerationOptions())
        for _ in 0..<20 { _ = try generation.step() }
        #expect(generation.tokenLimit == 131_072)
        let need = RingEntries(.vanilla, positions: 256, promptCount: 3)
        #expect(context.kvByteCount == context.kvByteCount(reserving: need))
    }

    @Test("end tokens of generation_config.json replace those of config.json")
    func endTokens() throws {
        checkpoint.configuration["eos_token_id"] = 4
        _ = try checkpoint.write()
        #expect(try model(nil).endTokens == [4])
        #expect(try model(#"{"eos_token_id": [5, 6]}"#).endTokens == [5, 6])
        #expect(try model(#"{"do_sample": true}"#).endTokens == [4])
    }

    @Test("a summary shows the parameters in effect and their origins")
    func summary() throws {
        let defaults = try model(Self.sampled).generationDefaults
        #expect(
            SamplingSummary(defaults).text
                == "temperature 1.5, top-k 20, repetition penalty 1.5 (generation_config.json)")
        #expect(
            SamplingSummary(defaults, asked: SamplingParameters(topP: 0.9, frequencyPenalty: 0.5)).text
                == "temperature 1.5, top-k 20 (generation_config.json), top-p 0.9 (options), "
                + "repetition penalty 1.5 (generation_config.json), frequency penalty 0.5 (options)")
        #expect(SamplingSummary(defaults, asked: .greedy).text == "greedy (options)")
        #expect(SamplingSummary(.none).text == "greedy (volley's default)")
        #expect(
            SamplingSummary(try model(#"{"do_sample": false, "temperature": 0.6}"#).generationDefaults).text
                == "greedy (generation_config.json, do_sample false)")
    }
}
