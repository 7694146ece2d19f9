import Decoding
import Foundation
import Models
import Tensors
import TestSupport
import Testing

/// A restored or forked session continues bit for bit; every other file is refused by name.
struct SavedSessionTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private var path: String { directory.path + "/session" }

    private static let optionSets = [
        SessionOptions(threadCount: 2), SessionOptions(threadCount: 1, kvFormat: .f32),
        SessionOptions(threadCount: 2, activations: .int8, window: 24),
        SessionOptions(threadCount: 2, window: 9, sinkCount: 4),
    ]

    private static func plans(_ configuration: ModelConfiguration, isRouted: Bool) throws -> [any DecodePlan] {
        let rules = CycleRule.allCases.flatMap { rule in
            [1, 4].compactMap { try? MultiTokenPlan(factor: $0, rule: rule) as any DecodePlan }
        }
        let skipping: [any DecodePlan] = [
            try configuration.plan(for: .exit(layers: 4)), try SaturationPlan(cosine: 0.9),
            try SelfSpeculativePlan(exitLayer: 3, draftCount: 4, of: configuration), try VerifiedPlan(factor: 4),
            try DraftedPlan(.text),
            try AdaptivePlan(maximum: 5, threshold: 0.01, rule: CycleRule(headHistory: .refreshed)),
        ]
        return [.vanilla] + rules + skipping + (isRouted ? [.flexiDepth] : [])
    }

    private static func all(
        _ generator: Generator, _ prompt: [Int], _ plan: any DecodePlan, count: Int = 20
    ) throws -> [GeneratedToken] {
        let options = GenerationOptions(
            maximumTokens: count, sampling: SamplingParameters(temperature: 1, repetitionPenalty: 1.1, seed: 3),
            ignoresEnd: true, logprobCount: 4)
        try generator.begin(prompt, plan: plan, options: options)
        var tokens: [GeneratedToken] = []
        while let token = try generator.step() { tokens.append(token) }
        return tokens
    }

    private func expectSame(_ shape: SyntheticModel, _ options: SessionOptions) throws {
        let model = Model(name: "test", try shape.build())
        let plans = try Self.plans(model.configuration, isRouted: !shape.routed.isEmpty)
        for (index, plan) in plans.enumerated() {
            let generator = Generator(model, options: options)
            _ = try Self.all(generator, randomTokens(35, below: 160, seed: 1), plan)
            try generator.save(to: path)
            let restored = Generator(model, options: options)
            try restored.restore(from: path)
            let fork = try generator.fork()
            #expect(restored.tokens == generator.tokens)
            for next in [plan, plans[(index + 1) % plans.count], plan] {
                let expected = try Self.all(generator, [7, 8, 9], next)
                for copy in [restored, fork] {
                    #expect(
                        (try Self.all(copy, [7, 8, 9], next) == expected) as Bool, "\(plan.name), then \(next.name)")
                    #expect(copy.statistics.prefillTokens == generator.statistics.prefillTokens)
                    #expect(copy.depths.layersUsed == generator.depths.layersUsed)
                }
            }
        }
    }

    @Test("restored and forked sessions continue bit for bit, under every plan, KV format and window")
    func exact() throws {
        for options in Self.optionSets { try expectSame(SyntheticModel(layers: 6, headLayers: 3), options) }
        let mixed = SessionOptions(threadCount: 2, kvFormat: KVFormat(keys: .q8_0, values: .f16) ?? .q8_0)
        try expectSame(SyntheticModel(layers: 6, headLayers: 3, headWidth: 32), mixed)
    }

    @Test("and so do those of models with routed layers and quantised weights", arguments: [StorageFormat.f32, .q8_0])
    func routed(_ format: StorageFormat) throws {
        let shape = SyntheticModel(layers: 6, headLayers: 3, format: format, routed: [1, 3, 4])
        for options in [Self.optionSets[0], Self.optionSets[3]] { try expectSame(shape, options) }
    }

    @Test("in the middle of a cycle, of drafts and of a prompt, and truncated afterwards")
    func midway() throws {
        let model = Model(name: "test", try SyntheticModel(layers: 6, headLayers: 3).build())
        let options = SessionOptions(threadCount: 2)
        let plans: [any DecodePlan] = [
            try MultiTokenPlan(factor: 4), try MultiTokenPlan(factor: 4, rule: CycleRule(history: .shadow)),
            try SelfSpeculativePlan(exitLayer: 5, draftCount: 4, of: model.configuration),
            try VerifiedPlan(factor: 5), try DraftedPlan(.text), try AdaptivePlan(maximum: 5, threshold: 0.01),
            try MultiTokenPlan(factor: 4, rule: CycleRule(headHistory: .refreshed)),
        ]
        for plan in plans {
            for count in 0..<6 {
                let generator = Generator(model, options: options)
                try generator.begin([1, 2, 3, 4], plan: plan, options: GenerationOptions(ignoresEnd: true))
                for _ in 0..<count { _ = try generator.step() }
                try generator.save(to: path)
                let copies = [Generator(model, options: options), try generator.fork()]
                try copies[0].restore(from: path)
                let expected = try (0..<6).map { _ in try generator.step()?.id }
                try generator.truncate(to: 4 + count)
                for copy in copies {
                    #expect(copy.tokens == generator.tokens)
                    for _ in 0..<2 { _ = try Self.all(copy, [5], plan, count: 3) }
                    try copy.truncate(to: 3)
                }
                #expect(expected.count == 6)
                for _ in 0..<2 { _ = try Self.all(generator, [5], plan, count: 3) }
                try generator.truncate(to: 3)
                let next = try Self.all(generator, [6], plan)
                for copy in copies { #expect(try Self.all(copy, [6], plan) == next) }
            }
        }
    }

    @Test("a session without tokens, and one whose plan brought weights of its own")
    func tokensAlone() throws {
        let model = Model(name: "test", try SyntheticModel(layers: 8, headLayers: 4).build())
        let options = SessionOptions(threadCount: 2)
        let generator = Generator(model, options: options)
        try generator.save(to: path)
        let empty = Generator(model, options: options)
        try empty.restore(from: path)
        #expect(empty.tokens.isEmpty)
        let collapse = try LayerCollapse(
            of: model.stack, leavingOut: 3, on: randomTokens(50, below: 160, seed: 1), options: options)
        let plan = FixedLayersPlan.laco(collapse)
        _ = try Self.all(generator, [1, 2, 3], plan)
        try generator.save(to: path)
        let restored = Generator(model, options: options)
        try restored.restore(from: path)
        #expect(restored.tokens == generator.tokens)
        let (fork, next) = (try generator.fork(), try Self.all(generator, [4], plan))
        #expect(try Self.all(fork, [4], plan) == next)
        #expect(try Self.all(restored, [4], plan).map(\.id) == next.map(\.id))
    }

    @Test("truncation keeps from none to all tokens")
    func truncation() throws {
        let model = Model(name: "test", try SyntheticModel(layers: 6, headLayers: 3).build())
        let generator = Generator(model, options: SessionOptions(threadCount: 1))
        for count in [-1, 1] {
            #expect(throws: SessionError.truncation(count: count, tokenCount: 0)) { try generator.truncate(to: count) }
        }
        _ = try Self.all(generator, [1, 2, 3], .vanilla, count: 5)
        #expect(throws: SessionError.truncation(count: 9, tokenCount: 8)) { try generator.truncate(to: 9) }
        for count in [8, 5, 0] {
            try generator.truncate(to: count)
            #expect(generator.tokens.count == count)
        }
    }

    @Test("another model, and every option that counts, is refused by name")
    func identity() throws {
        let shape = SyntheticModel(layers: 6, headLayers: 3)
        let model = Model(name: "test", try shape.build())
        let generator = Generator(model, options: SessionOptions(threadCount: 1))
        _ = try Self.all(generator, [1, 2, 3], try MultiTokenPlan(factor: 2))
        try generator.save(to: path)
        func refusal(_ model: Model, _ options: SessionOptions = SessionOptions(threadCount: 1)) -> SessionFileError? {
            #expect(throws: SessionFileError.self) { try Generator(model, options: options).restore(from: path) }
        }
        func other(_ change: (inout SyntheticModel) -> Void) throws -> Model {
            var shape = shape
            change(&shape)
            return Model(name: "other", try shape.build())
        }
        let otherModel = SessionFileError.otherModel(path: path, saved: "test", given: "other")
        #expect(try refusal(other { $0.seed = 2 }) == otherModel)
        #expect(try refusal(other { $0.contextLength = 512 }) == otherModel)
        #expect(try refusal(other { $0.format = .bf16 }) == otherModel)
        #expect(try refusal(other { $0.layers = 7 }) == otherModel)
        for (options, name, saved, given) in [
            (SessionOptions(threadCount: 1, kvFormat: .f32), "KV format", "f16", "f32"),
            (SessionOptions(threadCount: 1, activations: .int8), "activations", "int16", "int8"),
            (SessionOptions(threadCount: 1, window: 30), "window", "none", "30"),
            (SessionOptions(threadCount: 1, sinkCount: 2), "sinks", "0", "2"),
        ] {
            #expect(
                refusal(model, options)
                    == .otherOption(path: path, option: name, saved: saved, given: given))
        }
        // The directory's name and the number of threads do not count.
        let moved = Model(name: "moved", try shape.build())
        let restored = Generator(moved, options: SessionOptions(threadCount: 3))
        try restored.restore(from: path)
        #expect(
            try Self.all(restored, [4], MultiTokenPlan(factor: 2))
                == Self.all(generator, [4], MultiTokenPlan(factor: 2)))
    }

    @Test("a path that cannot be read or written, a file of another kind or version")
    func paths() throws {
        let model = Model(name: "test", try SyntheticModel(layers: 4, headLayers: 2).build())
        let generator = Generator(model, options: SessionOptions(threadCount: 1))
        _ = try Self.all(generator, [1, 2, 3], .vanilla)
        func refusal(_ bytes: [UInt8]) throws -> SessionFileError? {
            try directory.write(bytes, "session")
            return #expect(throws: SessionFileError.self) { try Generator(model).restore(from: path) }
        }
        #expect(throws: SessionFileError.unreadable(path: path, reason: "No such file or directory")) {
            try Generator(model).restore(from: path)
        }
        #expect(try refusal([]) == .notASession(path: path))
        #expect(try refusal(Array("{\"format\": 1}".utf8)) == .notASession(path: path))
        #expect(try refusal(Array("VOLLEYSN".utf8)) == .damaged(path: path, problem: "it ends early"))
        let other = Array("VOLLEYSN".utf8) + [2, 0, 0, 0, 0, 0, 0, 0]
        #expect(try refusal(other) == .otherVersion(path: path, version: 2, supported: 3))
        let nowhere = directory.path + "/nowhere/session"
        #expect(throws: SessionFileError.unwritable(path: nowhere, reason: "No such file or directory")) {
            try generator.save(to: nowhere)
        }
        #expect(throws: SessionFileError.unwritable(path: directory.path, reason: "Is a directory")) {
            try generator.save(to: directory.path)
        }
        // It replaces a file, and leaves nothing beside it.
        try generator.save(to: path)
        try generator.save(to: path)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["session"])
        let parent = URL(fileURLWithPath: directory.path).deletingLastPathComponent().path
        let name = URL(fileURLWithPath: directory.path).lastPathComponent
        #expect(
            try !FileManager.default.contentsOfDirectory(atPath: parent).contains { $0.hasPrefix(".\(name).partial") })
    }

    @Test("keys too large for float16 are not saved")
    func overflow() throws {
        let checkpoint = try AlteredCheckpoint()
        checkpoint.overflowAtTokenSeven()
        let model = try Model(path: checkpoint.write())
        let generator = Generator(model, options: SessionOptions(threadCount: 1))
        #expect(throws: SessionError.cacheOverflow(position: 2)) {
            try Self.all(generator, [5, 6, 7, 8], .vanilla)
        }
        #expect(throws: SessionError.cacheOverflow(position: 2)) { try generator.save(to: path) }
    }
}
