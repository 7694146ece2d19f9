import Decoding
import Models
import Tensors
import TestSupport
import Testing
import Weights

/// Damaged session files give an error, or, where the checksums were made to fit, a session that generates or throws: no crash, no
/// memory beyond what the file justifies.
@Suite(.serialized) struct SessionFileFuzzTests {
    private let directory: TemporaryDirectory
    private let model: Model

    init() throws {
        directory = try TemporaryDirectory()
        model = Model(
            name: "fuzz",
            try SyntheticModel(
                layers: 4, headLayers: 2, hidden: 32, heads: 2, keyValueHeads: 1, feedForward: 32, contextLength: 64,
                routed: [1]
            ).build())
    }

    private var path: String { directory.path + "/session" }

    private static let optionSets = [
        SessionOptions(threadCount: 1), SessionOptions(threadCount: 1, window: 7, sinkCount: 2),
    ]

    private func plans() throws -> [any DecodePlan] {
        [
            .vanilla, .flexiDepth, try MultiTokenPlan(factor: 3),
            try MultiTokenPlan(factor: 4, rule: CycleRule(history: .shadow)), try SaturationPlan(cosine: 0.9),
            try model.configuration.plan(for: .exit(layers: 3)),
        ]
    }

    /// The bytes of a session that has read and generated with `plan`.
    private func saved(_ plan: any DecodePlan, _ options: SessionOptions) throws -> [UInt8] {
        let generator = Generator(model, options: options)
        try generator.begin(
            randomTokens(9, below: 160, seed: 2), plan: plan,
            options: GenerationOptions(maximumTokens: 11, ignoresEnd: true))
        while try generator.step() != nil {}
        try generator.save(to: path)
        return try directory.read("session")
    }

    @Test("changed bytes and a missing end are found")
    func everyByte() throws {
        var random = SeededGenerator(seed: 3)
        let bytes = try saved(.flexiDepth, Self.optionSets[0])
        let generator = Generator(model, options: Self.optionSets[0])
        // All of the bookkeeping, and every seventh byte of keys, values and outputs.
        for index in bytes.indices where index < 3000 || index.isMultiple(of: 7) {
            var damaged = bytes
            damaged[index] ^= UInt8.random(in: 1...255, using: &random)
            try directory.write(damaged, "session")
            #expect(throws: SessionFileError.self, "byte \(index)") { try generator.restore(from: path) }
        }
        for count in stride(from: 0, to: bytes.count, by: 97) {
            try directory.write(Array(bytes[..<count]), "session")
            #expect(throws: SessionFileError.self, "\(count) bytes") { try generator.restore(from: path) }
        }
        try directory.write(bytes + [0], "session")
        #expect(throws: SessionFileError.self) { try generator.restore(from: path) }
        try directory.write(bytes, "session")
        try generator.restore(from: path)
    }

    @Test("bookkeeping that contradicts itself under right checksums is refused, or generates without a crash")
    func forged() throws {
        var mutator = FileMutator(seed: 0x5E55)
        let seeds = try Self.optionSets.flatMap { options in
            try plans().map { (options, $0, try saved($0, options)) }
        }
        var restored = 0
        for round in 0..<fuzzRounds {
            let (options, plan, bytes) = seeds[round % seeds.count]
            let sections = Self.sections(of: bytes)
            let index =
                Bool.random(using: &mutator.random) ? 1 : sections.indices.randomElement(using: &mutator.random)!
            var changed = sections
            changed[index] = mutator.mutated(sections[index], isText: false)
            try directory.write(Array(bytes[..<16]) + changed.flatMap(Self.framed), "session")
            let generator = Generator(model, options: options)
            do {
                try generator.restore(from: path)
            } catch is SessionFileError {
                continue
            }
            restored += 1
            for next in [plan, .vanilla] as [any DecodePlan] {
                let options = GenerationOptions(maximumTokens: 2, ignoresEnd: true)
                // Keys, values and outputs may now be anything, such as NaN.
                guard (try? generator.begin([4], plan: next, options: options)) != nil else { continue }
                while let token = try? generator.step() { #expect((0..<160).contains(token.id)) }
            }
        }
        #expect(restored > 0)
    }

    private static func sections(of bytes: [UInt8]) -> [[UInt8]] {
        var (sections, offset) = ([[UInt8]](), 16)
        while offset < bytes.count {
            let count = (0..<8).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
            sections.append(Array(bytes[offset + 8..<offset + 8 + count]))
            offset += 16 + count
        }
        return sections
    }

    private static func framed(_ section: [UInt8]) -> [UInt8] {
        func number(_ value: UInt64) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
        return number(UInt64(section.count)) + section
            + number(section.withUnsafeBytes { Checksum(of: $0).value })
    }
}
