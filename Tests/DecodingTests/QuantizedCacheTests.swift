import Decoding
import Models
import Tensors
import TestSupport
import Testing

/// Keys and values in q8_0 are one function, however a text is decoded.
struct QuantizedCacheTests {
    static let formats = [KVFormat.q8_0, KVFormat(keys: .q8_0, values: .f16)!, KVFormat(keys: .f16, values: .q8_0)!]

    @Test("decoding gives the bits of full recomputation, for every plan and window", arguments: formats)
    func recomputation(_ format: KVFormat) throws {
        let model = try SyntheticModel(headWidth: 32, format: .q8_0).build()
        for (index, plan) in ExactnessTests.plans.enumerated() {
            for (window, sinks) in [(nil, 0), (7, 0), (8, 3), (33, 2)] as [(Int?, Int)] {
                let options = SessionOptions(threadCount: 1, kvFormat: format, window: window, sinkCount: sinks)
                let prompt = randomTokens(index % 3 * 15 + 1, below: 160, seed: UInt64(index))
                let tokens = randomTokens(35, below: 160, seed: UInt64(index + 1000))
                let decoded = try ExactnessTests.decodedLogits(
                    try LoneSequence(model, options: options), prompt: prompt, then: tokens, plan: plan)
                let whole = try ExactnessTests.recomputedLogits(
                    model, options, prompt: prompt, then: tokens, plan: plan)
                #expect((decoded.last == whole) as Bool, "\(plan), window \(String(describing: window))")
            }
        }
    }

    @Test(
        "a window gives the bits of the whole context until it hides a position",
        arguments: formats)
    func ring(_ format: KVFormat) throws {
        let model = try SyntheticModel(headWidth: 32, format: .q8_0).build()
        let (prompt, tokens) = (randomTokens(40, below: 160, seed: 1), randomTokens(300, below: 160, seed: 2))
        func logits(_ options: SessionOptions) throws -> [[Float]] {
            try ExactnessTests.decodedLogits(
                try LoneSequence(model, options: options), prompt: prompt, then: tokens, plan: .vanilla)
        }
        let whole = try logits(SessionOptions(threadCount: 2, kvFormat: format))
        #expect(try logits(SessionOptions(threadCount: 1, kvFormat: format, window: 340)) == whole)
        // Until position 48 the window hides nothing.
        let narrow = try logits(SessionOptions(threadCount: 1, kvFormat: format, window: 48))
        #expect(narrow.prefix(9) == whole.prefix(9))
        #expect(narrow.last != whole.last)
    }

    @Test("the logits are near those of float32 keys and values, and not equal to them")
    func nearness() throws {
        let model = try SyntheticModel(headWidth: 32, format: .q8_0).build()
        let (prompt, tokens) = (randomTokens(40, below: 160, seed: 1), randomTokens(50, below: 160, seed: 2))
        let logits = try [KVFormat.f32, .f16, .q8_0].map { format in
            try ExactnessTests.decodedLogits(
                try LoneSequence(model, options: SessionOptions(threadCount: 2, kvFormat: format)), prompt: prompt,
                then: tokens, plan: .multiToken(3)
            ).last ?? []
        }
        let scale = logits[0].map(abs).max() ?? 1
        let differences = logits.map { largestDifference($0, logits[0]) / scale }
        #expect(differences[1] > 0 && differences[1] < 5e-3)
        #expect(differences[2] > differences[1] && differences[2] < 5e-2)
    }

    @Test("a model whose heads are no whole blocks is refused by name", arguments: formats)
    func refusal(_ format: KVFormat) throws {
        for width in [16, 48] {
            let model = try SyntheticModel(headWidth: width).build()
            #expect(throws: SessionError.headWidth(width, format: format)) {
                try Engine(model, options: SessionOptions(threadCount: 1, kvFormat: format))
            }
        }
        #expect(
            SessionError.headWidth(48, format: .q8_0).description
                == "the model's attention heads are 48 wide, and --kv q8_0 needs a multiple of 32; run with --kv f16")
    }

    @Test("names of formats: one for both, or one for keys and one for values")
    func names() {
        for format in KVFormat.allCases { #expect(KVFormat(rawValue: format.rawValue) == format) }
        #expect(KVFormat.allCases.count == 9)
        #expect(KVFormat(rawValue: "q8_0/f16") == KVFormat(keys: .q8_0, values: .f16))
        #expect(KVFormat(rawValue: "f16/f16") == .f16)
        for name in ["", "q8", "q4_0", "bf16", "q8_0/", "/f16", "f16/f16/f16", "q8_0/q4_0", "F16"] {
            #expect(KVFormat(rawValue: name) == nil, "\(name)")
        }
    }
}
