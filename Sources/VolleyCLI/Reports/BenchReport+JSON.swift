import ArgumentParser
import Measuring
import Volley

extension BenchReport {
    private struct Document: Encodable {
        let version: String
        let processor: String
        let system: String
        let instructionSet: String
        let threads: Int
        let kv: String
        let activations: String
        let promptTokens: Int
        let decodeTokens: Int
        let depth: Int
        let repeats: Int
        let models: [Measured]
    }

    private struct Measured: Encodable {
        let model: String
        let formats: [String]
        let bytesPerPass: Int
        let bandwidthBytesPerSecond: [Double]
        let promptTokensPerSecond: [Double]
        let decoding: [Decoding]
        let passes: [Pass]?
        let profiles: [Profile]
        let depths: Depths?
        let cycles: Cycles?
    }

    private struct Decoding: Encodable {
        let mtd: String
        let tokensPerSecond: [Double]
        let speedup: [Double]
        let efficiency: [Double]
        let bytesPerToken: Double
        let limitOfSpeedup: Double
    }

    private struct Pass: Encodable {
        let rows: Int
        let seconds: [Double]
        let ratio: [Double]
    }

    private struct Profile: Encodable {
        let mtd: String
        let seconds: [String: Double]
        let attentionSeconds: Double
        /// Matrix rows of `lm_head` computed exactly, for each token; absent without a screen.
        let exactRows: [Int]?
    }

    private struct Depths: Encodable {
        let routedLayers: Int
        let plainTokensPerSecond: [Double]
        let costs: [Cost]

        struct Cost: Encodable {
            let skippedLayers: Int
            let bytesPerToken: Double
            let predictedSaving: Double
            let tokensPerSecond: [Double]
            let saving: [Double]
        }

        init(_ bench: DepthBench) {
            (routedLayers, plainTokensPerSecond) = (bench.routed, bench.plain.values)
            costs = bench.costs.map {
                Cost(
                    skippedLayers: $0.skipped, bytesPerToken: $0.bytesPerToken, predictedSaving: $0.predictedSaving,
                    tokensPerSecond: $0.speed.values, saving: $0.saving.values)
            }
        }
    }

    private struct Cycles: Encodable {
        let plainTokensPerSecond: [Double]
        let costs: [Cost]

        struct Cost: Encodable {
            let name: String
            let tokensPerCycle: Double
            let bytesPerToken: Double
            let limitOfSpeedup: Double
            let tokensPerSecond: [Double]
            let speedup: [Double]
        }

        init(_ bench: CycleBench) {
            plainTokensPerSecond = bench.plain.values
            costs = bench.costs.map {
                Cost(
                    name: $0.name, tokensPerCycle: $0.tokensPerCycle,
                    bytesPerToken: $0.bytesPerToken, limitOfSpeedup: $0.limitOfSpeedup,
                    tokensPerSecond: $0.speed.values, speedup: $0.speedup.values)
            }
        }
    }

    func json() throws -> String {
        let document = Document(
            version: Version.text, processor: Machine.processor, system: Machine.system,
            instructionSet: InstructionSet.best.rawValue, threads: sessionOptions.threadCount,
            kv: sessionOptions.kvFormat.rawValue, activations: sessionOptions.activations.rawValue,
            promptTokens: options.promptTokens,
            decodeTokens: options.decodeTokens, depth: options.depth, repeats: options.repeats,
            models: entries.map(Self.measured))
        return try document.jsonDocument()
    }

    private static func measured(_ entry: Entry) -> Measured {
        Measured(
            model: entry.name, formats: entry.formats.map(\.rawValue), bytesPerPass: entry.byteCount,
            bandwidthBytesPerSecond: entry.speed.bandwidth.values, promptTokensPerSecond: entry.speed.prompt.values,
            decoding: entry.speed.decoding.map {
                Decoding(
                    mtd: $0.name, tokensPerSecond: $0.speed.values, speedup: $0.speedup.values,
                    efficiency: $0.efficiency.values, bytesPerToken: $0.bytesPerToken,
                    limitOfSpeedup: $0.limitOfSpeedup)
            },
            passes: entry.passes?.costs.map { Pass(rows: $0.rows, seconds: $0.seconds.values, ratio: $0.ratio.values) },
            profiles: entry.profiles.map { profile in
                Profile(
                    mtd: profile.name,
                    seconds: Dictionary(uniqueKeysWithValues: profile.parts.map { ($0.part, $0.seconds) }),
                    attentionSeconds: profile.attentionSeconds,
                    exactRows: profile.exactRows.isEmpty ? nil : profile.exactRows)
            },
            depths: entry.depths.map(Depths.init),
            cycles: entry.cycles.map(Cycles.init))
    }
}
