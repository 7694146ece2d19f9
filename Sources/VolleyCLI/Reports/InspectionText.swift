import Foundation
import Measuring
import Volley

/// A checkpoint report as text.
struct InspectionText {
    let text: String

    init(_ report: CheckpointReport, listsTensors: Bool) {
        let configuration = report.configuration
        let total = report.total
        var rows = [
            ["kind", "\(report.kind)"], ["architecture", configuration.architecture.rawValue],
            [
                "layers",
                "\(configuration.layerCount): trunk \(configuration.trunkLayerCount), head \(configuration.headLayerCount)",
            ],
            ["width", "\(configuration.hiddenSize), feed-forward \(configuration.feedForwardSize)"],
            [
                "heads",
                "\(configuration.headCount) of \(configuration.headWidth), \(configuration.keyValueHeadCount) for K and V",
            ],
        ]
        if let experts = configuration.experts {
            rows.append([
                "experts",
                "\(experts.chosenCount) of \(experts.count), \(experts.width) wide, in \(experts.layerCount) layers",
            ])
        }
        rows += [
            ["vocabulary", "\(configuration.vocabularySize)\(configuration.tiesEmbeddings ? ", tied" : "")"],
            ["context", "\(configuration.contextLength)"],
            ["sampling", SamplingSummary(report.generation).text],
            ["text limit", Self.limit(report.generation)],
            ["parameters", String(format: "%.1f M in %d tensors", Double(total.valueCount) / 1e6, total.tensorCount)],
            ["bytes", Self.sizes(total)],
        ]
        if let quantization = report.quantization { rows.append(["quantization", quantization]) }
        if let head = report.cycleHead { rows.append(["head for cycles", CycleHeadText.line(head)]) }
        var text = TextTable(rows: rows).text
        text += report.generation.notes.map { "note: \($0)\n" }.joined()
        text += "\n" + Self.rule(report.rule)
        text +=
            "\n"
            + TextTable(
                header: ["part", "format", "tensors", "parameters", "bytes", "stored"],
                rows: report.parts.map { [$0.part.rawValue, $0.format] + Self.cells($0.total) }
            ).text
        text +=
            "\n"
            + TextTable(
                header: ["tensor", "format", "number", "parameters", "bytes", "stored"],
                rows: report.kinds.map { [$0.kind, $0.format] + Self.cells($0.total) }
            ).text
        if configuration.trunkLayerCount > 0 { text += "\n" + Self.roofline(report) }
        if listsTensors { text += "\n" + Self.table(report.tensors) }
        self.text = text
    }

    static func table(_ tensors: [TensorSummary]) -> String {
        TextTable(
            header: ["name", "shape", "format", "bytes", "stored"],
            rows: tensors.map {
                [
                    $0.name, $0.shape.map(String.init).joined(separator: "×"), $0.format,
                    "\($0.byteCount)", "\($0.storedByteCount)",
                ]
            }
        ).text
    }

    private static func limit(_ generation: GenerationDefaults) -> String {
        if let limit = generation.maximumTokens { return "\(limit.value) tokens (\(limit.origin))" }
        if let limit = generation.maximumLength { return "\(limit.value) tokens with the prompt (\(limit.origin))" }
        return "the context"
    }

    private static func rule(_ checkpoint: CheckpointRule) -> String {
        TextTable(
            header: ["cycles", "", "from"],
            rows: [
                ["phase", checkpoint.rule.phase.rawValue, "\(checkpoint.phaseOrigin)"],
                ["prompt input", checkpoint.rule.promptInput.rawValue, "\(checkpoint.promptInputOrigin)"],
                ["history", checkpoint.rule.history.rawValue, "\(checkpoint.historyOrigin)"],
                ["head history", checkpoint.rule.headHistory.rawValue, "\(checkpoint.headHistoryOrigin)"],
            ]
        ).text
    }

    static func sizes(_ total: CheckpointReport.Total) -> String {
        let stored = total.storedByteCount
        guard stored != total.byteCount else { return ByteSize.text(total.byteCount) }
        return
            "\(ByteSize.text(total.byteCount)), stored in \(ByteSize.text(stored)) (\(String(format: "%.3f", total.ratio)))"
    }

    private static func cells(_ total: CheckpointReport.Total) -> [String] {
        [
            "\(total.tensorCount)", String(format: "%.2f M", Double(total.valueCount) / 1e6),
            ByteSize.text(total.byteCount), String(format: "%.3f", total.ratio),
        ]
    }

    /// The bytes that decoding reads per token by factor, and the speedup that they allow at most.
    private static func roofline(_ report: CheckpointReport) -> String {
        let vanilla = report.bytesPerToken(factor: nil)
        let rows = [nil, 2, 3, 4, 6].map { (factor: Int?) -> [String] in
            let bytes = report.bytesPerToken(factor: factor)
            return [
                factor.map(String.init) ?? "off", ByteSize.text(Int(bytes)), String(format: "%.2f×", vanilla / bytes),
            ]
        }
        return TextTable(header: ["--mtd", "bytes a token", "at most"], rows: rows).text
    }
}
