import Decoding
import Models
import Tensors
import TestSupport
import Testing

/// Keys and values beyond float16's range give an error with a remedy, never wrong tokens.
struct CacheOverflowTests {
    private static func generate(
        _ model: Model, _ prompt: [Int], plan: any DecodePlan = .vanilla, _ format: KVFormat = .f16
    ) throws -> [Int] {
        let context = try LoneSequence(model.stack, options: SessionOptions(threadCount: 2, kvFormat: format))
        let loop = try context.generate(
            prompt, plan: plan, options: GenerationOptions(maximumTokens: 9, ignoresEnd: true))
        var tokens: [Int] = []
        while let token = try loop.step() { tokens.append(token.id) }
        return tokens
    }

    @Test(
        "keys and values that round to infinity",
        arguments: [
            ("model.layers.2.self_attn.k_norm.weight", Float(1e6)), ("model.layers.11.self_attn.k_norm.weight", 1e6),
            ("model.layers.3.self_attn.v_proj.weight", 1e7),
        ], [0, 3])
    func overflow(_ change: (tensor: String, factor: Float), _ factor: Int) throws {
        let checkpoint = try AlteredCheckpoint()
        checkpoint.change(change.tensor) { $0 = $0.map { $0 * change.factor } }
        let model = try Model(path: checkpoint.write())
        let plan: any DecodePlan = factor == 0 ? .vanilla : try MultiTokenPlan(factor: factor, rule: .prompt)
        #expect(throws: SessionError.cacheOverflow(position: 0)) {
            try Self.generate(model, [5, 77, 130], plan: plan)
        }
        #expect(try Self.generate(model, [5, 77, 130], plan: plan, .f32).count == 9)
        #expect(
            SessionError.cacheOverflow(position: 0).description
                == "a key or value at position 0 is too large for float16, in which the KV cache keeps numbers or their "
                + "scales; run again with --kv f32")
    }

    @Test("q8_0 holds what float16 cannot, up to the range of its scales")
    func quantized() throws {
        let head = "model.layers.3.self_attn.v_proj.weight"
        for (factor, fits) in [(Float(3e6), true), (1e12, false)] {
            let checkpoint = try AlteredCheckpoint()
            checkpoint.change(head) { $0 = $0.map { $0 * factor } }
            let model = try Model(path: checkpoint.write())
            guard fits else {
                #expect(throws: SessionError.cacheOverflow(position: 0)) {
                    try Self.generate(model, [5, 77, 130], plan: .vanilla, .q8_0)
                }
                continue
            }
            #expect(throws: SessionError.cacheOverflow(position: 0)) { try Self.generate(model, [5, 77, 130]) }
            #expect(try Self.generate(model, [5, 77, 130], plan: .vanilla, .q8_0).count == 9)
        }
    }

    @Test("the position is the first that does not fit, however the prompt is split into chunks")
    func position() throws {
        let checkpoint = try AlteredCheckpoint()
        checkpoint.overflowAtTokenSeven()
        let model = try Model(path: checkpoint.write())
        let context = try LoneSequence(model.stack, options: SessionOptions(threadCount: 2))
        try context.begin([5, 77, 7, 130, 7, 9])
        while context.isBehind { context.step(rowLimit: 2) }
        #expect(throws: SessionError.cacheOverflow(position: 2)) { try context.checkCache() }
        // A text that diverges before the overflow is not affected.
        try context.restart([5, 77, 8, 130], plan: .vanilla)
        context.run()
        try context.checkCache()
        try context.restart([5, 77, 8, 7], plan: .vanilla)
        context.run()
        #expect(throws: SessionError.cacheOverflow(position: 3)) { try context.checkCache() }
    }

    @Test("damaged weights still give their own error")
    func damaged() throws {
        let checkpoint = try AlteredCheckpoint()
        checkpoint.change("model.layers.3.self_attn.v_proj.weight") { $0[17] = .nan }
        let model = try Model(path: checkpoint.write())
        #expect(throws: SamplingError.logitsNotFinite) { try Self.generate(model, [5, 77, 130]) }
    }
}
