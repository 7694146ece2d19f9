import Foundation
import TestSupport
import Testing

/// `generate` and `inspect` with a model whose makers recommend sampling parameters.
struct ModelDefaultsCommandTests {
    private let path: String
    private let checkpoint: AlteredCheckpoint

    init() throws {
        checkpoint = try AlteredCheckpoint()
        // Then vanilla decoding of this checkpoint gives no warning.
        checkpoint.configuration["dmtd_prompt_input"] = "trunk"
        path = try checkpoint.write()
    }

    private func recommend(_ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/generation_config.json"))
    }

    private func generate(_ options: [String] = [], limit: Int? = 30) throws -> Command {
        let count = limit.map { ["--max-tokens", "\($0)"] } ?? []
        return try Command.run(
            ["generate", "--model", path, "--prompt-ids", "1,2,3", "--mtd", "off", "--ignore-eos", "--json"] + count
                + options)
    }

    private struct Report: Decodable {
        let tokens: [Int]
        let finishReason: String
        let sampling: Sampling
        let stats: Stats

        struct Sampling: Decodable {
            let parameters: [String: Double]
            let origins: [String: String]
        }

        struct Stats: Decodable {
            let seed: UInt64?
        }
    }

    private func report(_ options: [String] = [], limit: Int? = 30) throws -> Report {
        let command = try generate(options, limit: limit)
        #expect(command.status == 0, "\(command.errors)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Report.self, from: command.output)
    }

    private static let sampled = """
        {"do_sample": true, "temperature": 1.5, "top_k": 200, "top_p": 0.95, "repetition_penalty": 1.5,
        "max_new_tokens": 7, "eos_token_id": [5, 6]}
        """

    @Test("tokens are sampled by the file's parameters, and the printed seed repeats the text")
    func drawn() throws {
        let greedy = try report()
        #expect(greedy.stats.seed == nil)
        try recommend(Self.sampled)
        let first = try report()
        #expect(
            first.sampling.parameters
                == ["temperature": 1.5, "top_k": 200, "top_p": 0.95, "repetition_penalty": 1.5])
        #expect(Set(first.sampling.origins.values) == ["generation_config.json"])
        let seed = try #require(first.stats.seed)
        #expect(try report(["--seed", "\(seed)"]).tokens == first.tokens)
        #expect(first.tokens != greedy.tokens)
        #expect(try report(["--greedy"]).tokens == greedy.tokens)
        #expect(try report(["--temperature", "0", "--repeat-penalty", "1"]).tokens == greedy.tokens)
        #expect(try report(["--top-k", "5"]).sampling.origins["top_k"] == "options")
    }

    @Test("--stats shows the parameters in effect, and the seed")
    func statistics() throws {
        try recommend(Self.sampled)
        let errors = try generate(["--stats", "--seed", "9"]).errors
        let sampling = "temperature 1.5, top-k 200, top-p 0.95, repetition penalty 1.5 (generation_config.json)"
        #expect(errors.contains("sampling     \(sampling), seed 9\n"), "\(errors)")
        #expect(try generate(["--stats", "--greedy"]).errors.contains("sampling     greedy (options)\n"))
    }

    @Test("inspect shows the makers' recommendations")
    func inspect() throws {
        try recommend(Self.sampled)
        let text = try Command.run(["inspect", path]).text
        let sampling = "temperature 1.5, top-k 200, top-p 0.95, repetition penalty 1.5 (generation_config.json)"
        #expect(text.contains(sampling))
        #expect(text.contains("7 tokens (generation_config.json)"))
    }

    @Test("the file's limit applies if none is given")
    func limit() throws {
        try recommend(Self.sampled)
        let own = try report(limit: nil)
        #expect(own.tokens.count == 7)
        #expect(own.finishReason == "length")
        #expect(try report(limit: 12).tokens.count == 12)
    }

    @Test("recommendations that are not implemented give one line on standard error, and the text is generated")
    func notes() throws {
        try recommend(#"{"do_sample": true, "num_beams": 4, "no_repeat_ngram_size": 2}"#)
        let command = try generate()
        #expect(command.status == 0)
        let asked = "num_beams 4, no_repeat_ngram_size 2, not implemented: generation goes on without"
        #expect(command.errors == "volley: generation_config.json asks for \(asked)\n")
        #expect(try generate(["--greedy"]).errors.isEmpty)
    }

    @Test("a number out of range gives one sentence")
    func outOfRange() throws {
        try recommend(#"{"do_sample": true, "top_p": 7}"#)
        let command = try generate()
        #expect(command.status == 1)
        #expect(command.errors.contains("generation_config.json: top_p is 7, but must be a number from 0 to 1"))
        #expect(command.errors.split(separator: "\n").count == 1)
    }

    @Test("--greedy and a temperature contradict each other")
    func contradiction() throws {
        #expect(try generate(["--greedy", "--temperature", "0.5"]).status == 64)
        #expect(try generate(["--greedy", "--temperature", "0"]).status == 0)
        #expect(try generate(["--presence-penalty", "2.5"]).status == 64)
        #expect(try generate(["--frequency-penalty", "-2.5"]).status == 64)
    }
}
