import JSON
import Models
import Testing
import Weights

/// The recommendations of a checkpoint's makers, as transformers and llama.cpp read them.
struct GenerationDefaultsTests {
    private static func file(
        _ text: String, _ origin: GenerationSource.Origin = .generationConfiguration
    ) throws -> GenerationDefaults {
        let fields = try #require(
            try JSONValue(parsing: Array(text.utf8), limits: .configuration).objectValue)
        return try GenerationDefaults(GenerationSource(origin: origin, fields: fields))
    }

    private static func metadata(_ text: String) throws -> GenerationDefaults { try file(text, .gguf) }

    @Test("do_sample takes the file's numbers, each with its origin")
    func numbers() throws {
        let defaults = try Self.file(
            """
            {"bos_token_id": 1, "do_sample": true, "eos_token_id": [2, 3], "pad_token_id": 1, "temperature": 0.6,
            "top_k": 20, "top_p": 0.95, "min_p": 0.05, "repetition_penalty": 1.5, "presence_penalty": 1.5,
            "frequency_penalty": -0.5, "max_new_tokens": 7, "transformers_version": "4.51.0"}
            """)
        #expect(defaults.temperature?.value == 0.6)
        #expect(defaults.temperature?.origin == "generation_config.json")
        #expect(defaults.topK?.value == 20)
        #expect(defaults.topP?.value == 0.95)
        #expect(defaults.minP?.value == 0.05)
        #expect(defaults.repetitionPenalty?.value == 1.5)
        #expect(defaults.presencePenalty?.value == 1.5)
        #expect(defaults.frequencyPenalty?.value == -0.5)
        #expect(defaults.maximumTokens?.value == 7)
        #expect(defaults.notes == [])
    }

    @Test("do_sample alone has transformers' defaults: temperature 1, top-k 50")
    func bareSampling() throws {
        let defaults = try Self.file(#"{"do_sample": true}"#)
        #expect(defaults.temperature?.value == 1)
        #expect(defaults.topK?.value == 50)
        #expect(defaults.topP == nil)
        #expect(defaults.topK?.origin == "transformers' default")
    }

    @Test(
        "without do_sample nothing is drawn, whatever the temperature, and a penalty still counts",
        arguments: ["", #""do_sample": false, "#, #""do_sample": null, "#])
    func greedy(_ field: String) throws {
        let defaults = try Self.file("{\(field)\"temperature\": 0.6, \"top_k\": 5, \"repetition_penalty\": 1.1}")
        #expect(defaults.temperature?.value == 0)
        #expect(defaults.topK == nil)
        #expect(defaults.repetitionPenalty?.value == 1.1)
    }

    @Test("a file without sampling fields recommends nothing")
    func silent() throws {
        #expect(try Self.file(#"{"_from_model_config": true, "eos_token_id": 2, "use_cache": true}"#) == .none)
        #expect(try Self.file(#"{"hidden_size": 64, "eos_token_id": 2, "tie": 1}"#, .configuration) == .none)
    }

    @Test("values that keep all tokens, or only the most likely one, are kept")
    func edges() throws {
        #expect(try Self.file(#"{"do_sample": true, "top_k": -1}"#).topK?.value == 0)
        #expect(try Self.file(#"{"do_sample": true, "top_k": 20.0}"#).topK?.value == 20)
        #expect(try Self.file(#"{"do_sample": true, "top_p": 0}"#).topP?.value == .leastNormalMagnitude)
        #expect(try Self.file(#"{"do_sample": true, "temperature": 0}"#).temperature?.value == 0)
        #expect(try Self.file(#"{"max_length": 20}"#).maximumLength == nil)
        #expect(try Self.file(#"{"max_length": 4096}"#).maximumLength?.value == 4096)
    }

    @Test(
        "numbers out of range are one sentence that names the file and the field",
        arguments: [
            (#"{"temperature": -0.1}"#, "temperature is -0.1, but must be 0 or a positive number"),
            (#"{"temperature": "hot"}"#, "temperature is 'hot', but must be"),
            (#"{"temperature": 1e300}"#, "temperature is 1e+300, but must be"),
            (#"{"top_k": 1.5}"#, "top_k is 1.5, but must be a whole number"),
            (#"{"top_k": -2}"#, "top_k is -2, but must be"),
            (#"{"top_p": 1.5}"#, "top_p is 1.5, but must be a number from 0 to 1"),
            (#"{"min_p": -1}"#, "min_p is -1, but must be"),
            (#"{"repetition_penalty": 0}"#, "repetition_penalty is 0, but must be a positive number"),
            (#"{"presence_penalty": 3}"#, "presence_penalty is 3, but must be a number from -2 to 2"),
            (#"{"do_sample": "yes"}"#, "do_sample is 'yes', but must be true or false"),
            (#"{"max_new_tokens": 0}"#, "max_new_tokens is 0, but must be"),
        ])
    func outOfRange(_ text: String, _ sentence: String) throws {
        let error = try #require(throws: ConfigurationError.self) { try Self.file(text) }
        #expect(error.description.contains("generation_config.json: \(sentence)"), "\(error)")
    }

    @Test(
        "what asks for another function is said by name, with its value",
        arguments: [
            #""num_beams": 4"#, #""no_repeat_ngram_size": 3"#, #""typical_p": 0.9"#, #""epsilon_cutoff": 0.001"#,
            #""suppress_tokens": [1]"#, #""forced_eos_token_id": 3"#, #""guidance_scale": 1.5"#,
            #""bad_words_ids": [[3]]"#, #""min_new_tokens": 5"#, #""stop_strings": ["x"]"#, #""penalty_alpha": 0.6"#,
        ])
    func unimplemented(_ field: String) throws {
        let notes = try Self.file("{\"do_sample\": true, \(field)}").notes
        let name = try #require(field.split(separator: "\"").first)
        let isForDraws = name == "typical_p" || name == "epsilon_cutoff"
        #expect(notes.count == 1)
        #expect(notes.first?.contains("asks for \(name) ") == true, "\(notes)")
        #expect(try Self.file("{\(field)}", .configuration).notes.isEmpty == isForDraws)
    }

    @Test("several fields give one sentence, fields without effect none, and unknown fields are named")
    func notes() throws {
        let asked = "num_beams 2, no_repeat_ngram_size 3, not implemented: generation goes on without"
        #expect(
            try Self.file(#"{"num_beams": 2, "no_repeat_ngram_size": 3}"#).notes
                == ["generation_config.json asks for \(asked)"])
        #expect(
            try Self.file(
                """
                {"num_beams": 1, "typical_p": 1.0, "no_repeat_ngram_size": 0, "suppress_tokens": [], "guidance_scale": null,
                "diversity_penalty": 0.0, "length_penalty": 2.0, "early_stopping": true, "remove_invalid_values": false}
                """
            ).notes == [])
        #expect(
            try Self.file(#"{"colour": "blue"}"#).notes
                == ["generation_config.json has fields that volley does not know: 'colour'"])
    }

    @Test("general.sampling.* is read by llama.cpp's names")
    func keys() throws {
        let defaults = try Self.metadata(
            #"{"temp": 0.6, "top_k": 20, "top_p": 0.95, "min_p": 0.01, "penalty_repeat": 1.5, "penalty_last_n": 64}"#)
        #expect(defaults.temperature?.value == 0.6)
        #expect(defaults.temperature?.origin == "the GGUF file's general.sampling")
        #expect(defaults.topK?.value == 20)
        #expect(defaults.topP?.value == 0.95)
        #expect(defaults.minP?.value == 0.01)
        #expect(defaults.repetitionPenalty?.value == 1.5)
        #expect(defaults.repetitionWindow?.value == 64)
        #expect(defaults.notes == [])
        #expect(try Self.metadata("{}") == .none)
    }

    @Test("a sampler without a temperature samples at 1; a penalty alone does not")
    func withoutTemperature() throws {
        #expect(try Self.metadata(#"{"top_p": 0.9}"#).temperature?.value == 1)
        #expect(try Self.metadata(#"{"penalty_repeat": 1.2}"#).temperature == nil)
        #expect(try Self.metadata(#"{"temp": 0, "top_k": 40}"#).temperature?.value == 0)
    }

    @Test("the penalty's window: -1 is all, 0 is no penalty")
    func penaltyWindow() throws {
        let all = try Self.metadata(#"{"penalty_repeat": 1.2, "penalty_last_n": -1}"#)
        #expect(all.repetitionPenalty?.value == 1.2)
        #expect(all.repetitionWindow == nil)
        #expect(try Self.metadata(#"{"penalty_repeat": 1.2, "penalty_last_n": 0}"#).repetitionPenalty == nil)
    }

    @Test("mirostat, XTC and unknown keys are named")
    func unimplementedKeys() throws {
        #expect(try Self.metadata(#"{"mirostat": 2, "mirostat_tau": 5.0}"#).notes.first?.contains("mirostat 2") == true)
        #expect(try Self.metadata(#"{"xtc_probability": 0.5}"#).notes.count == 1)
        #expect(try Self.metadata(#"{"mirostat": 0, "xtc_probability": 0.0, "xtc_threshold": 0.1}"#).notes == [])
        #expect(
            try Self.metadata(#"{"new": 1}"#).notes == ["general.sampling has fields that volley does not know: 'new'"])
    }

    @Test("a sequence can leave samplers out; an order other than ours gives a note")
    func sequence() throws {
        let some = try Self.metadata(
            """
            {"temp": 0.5, "top_k": 9, "top_p": 0.5, "min_p": 0.1, "penalty_repeat": 2, "sequence": "top_k;temperature"}
            """)
        #expect(some.topK?.value == 9)
        #expect(some.temperature?.value == 0.5)
        #expect(some.topP == nil)
        #expect(some.minP == nil)
        #expect(some.repetitionPenalty == nil)
        #expect(some.notes == [])
        let untempered = try Self.metadata(#"{"temp": 0.5, "top_k": 9, "sequence": "penalties;top_k"}"#)
        #expect(untempered.temperature?.value == 1)
        let all = #""temp": 0.5, "top_k": 9, "top_p": 0.5, "min_p": 0.1, "penalty_repeat": 2"#
        for ours in ["penalties;temperature;top_k;top_p;min_p", "penalties;dry;top_k;temperature;top_p"] {
            #expect(try Self.metadata("{\(all), \"sequence\": \"\(ours)\"}").notes == [], "\(ours)")
        }
        for other in ["penalties;top_k;top_p;min_p;temperature", "temperature;top_p;top_k", "temperature;penalties"] {
            #expect(try Self.metadata("{\(all), \"sequence\": \"\(other)\"}").notes.count == 1, "\(other)")
            #expect(try Self.metadata("{\"temp\": 0.5, \"top_k\": 9, \"sequence\": \"\(other)\"}").notes == [])
        }
    }
}
