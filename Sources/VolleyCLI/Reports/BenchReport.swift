import ArgumentParser
import Foundation
import Measuring
import Volley

/// Measurements as tables and documents.
struct BenchReport {
    struct Entry {
        let name: String
        let roofline: ByteRoofline
        let formats: [StorageFormat]
        let speed: SpeedBench
        let passes: PassBench?
        let profiles: [DecodingProfile]
        let depths: DepthBench?
        let cycles: CycleBench?

        var formatNames: String { formats.map(\.rawValue).joined(separator: " ") }
        var byteCount: Int { roofline.trunk + roofline.head + roofline.vocabularyHead }
    }

    let entries: [Entry]
    let options: SpeedBench.Options
    let sessionOptions: SessionOptions

    private static let header = [
        "model", "weights", "MB a pass", "test", "tokens/s", "spread", "speedup", "byte limit", "of limit",
    ]

    private var rows: [[String]] {
        entries.flatMap { entry in
            let subject = [entry.name, entry.formatNames, String(format: "%.1f", Double(entry.byteCount) / 1e6)]
            let depth = options.depth > 0 ? " @ \(options.depth)" : ""
            let prompt =
                entry.speed.prompt.values.isEmpty
                ? [] : [subject + ["prompt \(options.promptTokens)"] + Self.cells(entry.speed.prompt) + ["", "", ""]]
            return prompt
                + entry.speed.decoding.map { decoding in
                    let name = decoding.name == "off" ? "off" : "mtd \(decoding.name)"
                    let hasSpeedup = !decoding.speedup.values.isEmpty
                    return subject + ["\(name), \(options.decodeTokens)\(depth)"] + Self.cells(decoding.speed) + [
                        hasSpeedup ? String(format: "%.2f×", decoding.speedup.median) : "",
                        String(format: "%.2f×", decoding.limitOfSpeedup),
                        String(format: "%.0f %%", 100 * decoding.efficiency.median),
                    ]
                }
        }
    }

    private static func cells(_ speed: Samples) -> [String] {
        let digits = speed.median < 100 ? "%.2f" : "%.0f"
        return [String(format: digits, speed.median), String(format: "%.1f %%", 100 * speed.spread)]
    }

    /// Markdown tables with aligned columns.
    var markdown: String {
        var blocks = [MarkdownTable(header: Self.header, rows: rows).text, notes]
        for entry in entries {
            if let passes = entry.passes { blocks.append(Self.table(of: passes, entry.name)) }
            if let cycles = entry.cycles { blocks.append(Self.table(of: cycles, entry.name)) }
            if let depths = entry.depths { blocks.append(Self.table(of: depths, entry.name)) }
            if !entry.profiles.isEmpty { blocks.append(Self.table(of: entry.profiles, entry.name)) }
        }
        return blocks.joined(separator: "\n")
    }

    private var notes: String {
        let bandwidths = entries.map { String(format: "%.1f GB/s", $0.speed.bandwidth.median / 1e9) }
        var lines = [
            "\(Machine.processor), \(threads), \(InstructionSet.best.rawValue) kernels, "
                + "KV \(sessionOptions.kvFormat.rawValue), activations \(sessionOptions.activations.rawValue); "
                + "memory reads \(bandwidths.joined(separator: ", ")); "
                + "volley \(Version.text), \(Machine.system).",
            "Medians of \(options.repeats) \(options.repeats == 1 ? "round" : "rounds"), with everything measured once per round, "
                + "and memory before each decoding; spread: interquartile range over the median.",
        ]
        let unsteady = entries.flatMap { entry in
            entry.speed.decoding.filter { !$0.speed.isSteady }.map { "\(entry.name) \($0.name)" }
                + (entry.speed.prompt.isSteady ? [] : ["\(entry.name) prompt"])
        }
        if !unsteady.isEmpty {
            lines.append(
                "Not reliable, spread above 10 %: \(unsteady.joined(separator: ", ")). "
                    + "Is something else running on this machine?")
        }
        if entries.contains(where: { $0.speed.decoding.contains { $0.efficiency.median > 1 } }) {
            lines.append("More than 100 % of the limit: such weights stay in the processor's caches.")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private var threads: String {
        let count = sessionOptions.threadCount
        return "\(count) \(sessionOptions.pinsThreads ? "pinned " : "")\(count == 1 ? "thread" : "threads")"
    }

    private static func table(of passes: PassBench, _ name: String) -> String {
        MarkdownTable(
            header: ["\(name): trunk pass over", "ms", "spread", "of one token's"],
            rows: passes.costs.map {
                [
                    "\($0.rows)", String(format: "%.3f", 1000 * $0.seconds.median),
                    String(format: "%.1f %%", 100 * $0.ratio.spread), String(format: "%.2f×", $0.ratio.median),
                ]
            }
        ).text
    }

    private static func table(of cycles: CycleBench, _ name: String) -> String {
        MarkdownTable(
            header: [
                "\(name): cycles", "tokens a cycle", "MB a token", "tokens/s", "spread", "speedup",
                "byte limit",
                "of limit",
            ],
            rows: [["off", "1.00", "", String(format: "%.2f", cycles.plain.median), "", "", "", ""]]
                + cycles.costs.map { cost in
                    [
                        cost.name, String(format: "%.2f", cost.tokensPerCycle),
                        String(format: "%.1f", cost.bytesPerToken / 1e6),
                        String(format: "%.2f", cost.speed.median), String(format: "%.1f %%", 100 * cost.speedup.spread),
                        String(format: "%.2f×", cost.speedup.median), String(format: "%.2f×", cost.limitOfSpeedup),
                        String(format: "%.0f %%", 100 * cost.efficiency),
                    ]
                }
        ).text
    }

    private static func table(of depths: DepthBench, _ name: String) -> String {
        MarkdownTable(
            header: [
                "\(name): layers skipped", "layers run", "MB a token", "tokens/s", "spread", "bytes saved",
                "time saved",
                "of the bytes'",
            ],
            rows: [["none, no routers", "", "", String(format: "%.2f", depths.plain.median), "", "", "", ""]]
                + depths.costs.map { cost in
                    [
                        "\(cost.skipped) of \(depths.routed)", "\(cost.layersUsed)",
                        String(format: "%.1f", cost.bytesPerToken / 1e6), String(format: "%.2f", cost.speed.median),
                        String(format: "%.1f %%", 100 * cost.speed.spread),
                        String(format: "%.1f %%", 100 * cost.predictedSaving),
                        String(format: "%.1f %%", 100 * cost.saving.median),
                        cost.kept.map { String(format: "%.0f %%", 100 * $0) } ?? "",
                    ]
                }
        ).text
    }

    private static func table(of profiles: [DecodingProfile], _ name: String) -> String {
        let parts = profiles[0].parts.map(\.part)
        let isScreened = profiles.contains { !$0.exactRows.isEmpty }
        return MarkdownTable(
            header: ["\(name): time spent in"] + parts + ["attention (of both)"]
                + (isScreened ? ["exact rows of lm_head"] : []),
            rows: profiles.map { profile in
                let total = profile.parts.reduce(0) { $0 + $1.seconds }
                func share(_ seconds: Double) -> String { String(format: "%.1f %%", 100 * seconds / max(total, 1e-12)) }
                return [profile.name == "off" ? "off" : "mtd \(profile.name)"]
                    + profile.parts.map { share($0.seconds) } + [share(profile.attentionSeconds)]
                    + (isScreened ? [exactRows(profile)] : [])
            }
        ).text
    }

    private static func exactRows(_ profile: DecodingProfile) -> String {
        let counts = Samples(profile.exactRows.map(Double.init))
        return String(format: "%.0f a token, at most %.0f", counts.median, counts.highest)
    }

    var csv: String {
        ([Self.header] + rows).map { row in
            row.map { $0.contains(",") || $0.contains("\"") ? "\"\($0.replacing("\"", with: "\"\""))\"" : $0 }
                .joined(separator: ",") + "\n"
        }.joined()
    }
}
