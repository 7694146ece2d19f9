import Foundation
import TestSupport
import Testing
import Volley

/// Without options, a program gets the settings that the model's makers recommend.
struct ModelDefaultsTests {
    private static func all(_ generation: Generation) async throws -> [Int] {
        var ids: [Int] = []
        for try await token in generation { ids.append(token.id) }
        return ids
    }

    @Test("a session samples and ends by the model's defaults, unless the options name others")
    func session() async throws {
        let checkpoint = try AlteredCheckpoint()
        let path = try checkpoint.write()
        let text = #"{"do_sample": true, "temperature": 1.5, "max_new_tokens": 7, "eos_token_id": 319}"#
        try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/generation_config.json"))
        let model = try await Model.load(path)
        #expect(model.generationDefaults.temperature?.value == 1.5)
        func generate(_ options: GenerationOptions) -> Generation {
            model.session(SessionOptions(threadCount: 1)).generate([1, 2, 3], plan: .vanilla, options: options)
        }
        let first = generate(GenerationOptions(ignoresEnd: true))
        let ids = try await Self.all(first)
        #expect(ids.count == 7)
        #expect(first.finishReason == .length)
        let seed = try #require(first.statistics.seed)
        let sampling = SamplingParameters(seed: seed)
        #expect(try await Self.all(generate(GenerationOptions(sampling: sampling, ignoresEnd: true))) == ids)
        let greedy = generate(GenerationOptions(maximumTokens: 9, sampling: .greedy, ignoresEnd: true))
        #expect(try await Self.all(greedy).count == 9)
        #expect(greedy.statistics.seed == nil)
    }
}
