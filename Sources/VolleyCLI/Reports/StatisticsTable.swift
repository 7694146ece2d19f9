import Foundation
import Volley

/// The table of `--stats`.
struct StatisticsTable {
    let text: String

    /// - Parameter depths: the layers that each position ran; nil if the plan skips none.
    init(
        _ statistics: GenerationStatistics, plan: any DecodePlan, sampling: SamplingSummary, loadSeconds: Double?,
        depths: DepthRecord? = nil
    ) {
        let passes = statistics.passes
        let seed = statistics.seed.map { ", seed \($0)" } ?? ""
        let load = loadSeconds.map { [("load", String(format: "%.3f s", $0))] } ?? []
        let depth = depths.map { [("layers", Self.layers($0))] } ?? []
        let rows =
            load + depth + [
                (
                    "prompt",
                    String(
                        format: "%d tokens in %.3f s: %.1f tokens/s", statistics.prefillTokens,
                        statistics.prefillSeconds,
                        statistics.prefillTokensPerSecond)
                ),
                (
                    "decode",
                    String(
                        format: "%d tokens in %.3f s: %.1f tokens/s", statistics.decodeTokens, statistics.decodeSeconds,
                        statistics.tokensPerSecond)
                ),
                ("passes", "\(passes.trunkPasses) trunk (\(passes.trunkRows) tokens), \(passes.headPasses) head"),
            ] + Self.cycles(statistics, plan) + [
                ("sampling", sampling.text + seed),
                ("KV cache", Self.mebibytes(statistics.kvByteCount)),
                ("peak memory", Self.mebibytes(peakResidentBytes())),
            ]
        text = rows.map { $0.0.padding(toLength: 13, withPad: " ", startingAt: 0) + $0.1 + "\n" }.joined()
    }

    /// Rows about cycles, drafts and the meter; none for plans without them.
    private static func cycles(_ statistics: GenerationStatistics, _ plan: any DecodePlan) -> [(String, String)] {
        var rows: [(String, String)] = []
        if plan.longestCycle > 1 || plan.drafting != nil {
            rows.append(("cycle", String(format: "%.2f tokens a trunk pass", statistics.tokensPerTrunkPass)))
        }
        let drafts = statistics.drafts
        if drafts.draftedTotal > 0 {
            let share = percent(Double(drafts.acceptedTotal) / Double(drafts.draftedTotal))
            let places = drafts.acceptance.map(percent).joined(separator: " ")
            rows.append(
                (
                    "drafts",
                    "\(drafts.acceptedTotal) of \(drafts.draftedTotal) accepted (\(share) %); by place \(places) %"
                ))
        }
        if let agreement = statistics.agreement {
            let places = agreement.byCycleIndex.map {
                $0.total > 0 ? percent(Double($0.agreeing) / Double($0.total)) : "-"
            }
            rows.append(
                (
                    "vanilla",
                    "chooses \(agreement.agreeing) of \(agreement.total) tokens (\(percent(agreement.share)) %); by place "
                        + places.joined(separator: " ") + " %"
                ))
        }
        return rows
    }

    private static func percent(_ share: Double) -> String { String(format: "%.1f", 100 * share) }

    private static func layers(_ depths: DepthRecord) -> String {
        let summary = DepthSummary(depths.layersUsed)
        return String(
            format: "%.2f of %d a token, variance %.2f", summary.mean, depths.layerCount, summary.variance)
    }

    private static func mebibytes(_ bytes: Int) -> String { String(format: "%.1f MiB", Double(bytes) / 0x1p20) }
}

/// The peak resident memory of this process, in bytes.
func peakResidentBytes() -> Int {
    var usage = rusage()
    #if canImport(Glibc)
        let (whose, unit) = (Int32(RUSAGE_SELF.rawValue), 1024)
    #else
        let (whose, unit) = (RUSAGE_SELF, 1)
    #endif
    getrusage(whose, &usage)
    return Int(usage.ru_maxrss) * unit
}
