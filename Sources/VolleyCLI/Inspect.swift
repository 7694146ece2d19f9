import ArgumentParser
import Foundation
import Measuring
import Volley

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what a checkpoint is made of: layers, formats, bytes, and what each factor must read.")

    @Argument(
        help: ArgumentHelp(
            "A native or Hugging Face directory, or a .gguf file (default: the embedded model).", valueName: "path"))
    var path: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Take the last N layers as the head, in place of the checkpoint's number.", valueName: "n"))
    var headLayers: Int?

    @OptionGroup var rule: RuleOptions

    @Flag(help: "List every tensor.")
    var tensors = false

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() throws {
        let checkpoint = try Checkpoint.open(path ?? Embedded().model)
        let report = try CheckpointReport(checkpoint, headLayers: headLayers, rule: rule.overrides)
        checkpoint.warnings().forEach(StandardError.warn)
        try StandardOutput.write(
            json ? try InspectionDocument(report).jsonDocument() : InspectionText(report, listsTensors: tensors).text)
    }
}

/// The report for a person.
private struct InspectionText {
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
            ["vocabulary", "\(configuration.vocabularySize)\(configuration.tiesEmbeddings ? ", tied" : "")"],
            ["context", "\(configuration.contextLength)"],
            ["sampling", SamplingSummary(report.generation).text],
            ["text limit", Self.limit(report.generation)],
            ["parameters", String(format: "%.1f M in %d tensors", Double(total.valueCount) / 1e6, total.tensorCount)],
            ["bytes", Self.sizes(total)],
        ]
        if let quantization = report.quantization { rows.append(["quantization", quantization]) }
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
        if listsTensors {
            text +=
                "\n"
                + TextTable(
                    header: ["name", "shape", "format", "bytes", "stored"],
                    rows: report.tensors.map {
                        [
                            $0.name, $0.shape.map(String.init).joined(separator: "×"), $0.format,
                            "\($0.byteCount)", "\($0.storedByteCount)",
                        ]
                    }
                ).text
        }
        self.text = text
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
            ]
        ).text
    }

    private static func sizes(_ total: CheckpointReport.Total) -> String {
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

    /// What decoding must read for a token, and how much faster that can make it at best.
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

/// The report for a program.
private struct InspectionDocument: Encodable {
    let kind: String
    let quantization: String?
    let architecture: String
    let layers: Int
    let trunkLayers: Int
    let headLayers: Int
    let sampling: SamplingDocument
    /// What the checkpoint asks for and does not get.
    let notes: [String]
    let phase: Choice
    let promptInput: Choice
    let history: Choice
    let parameters: Int
    let bytes: Int
    let storedBytes: Int
    let parts: [Part]
    let kinds: [Kind]
    let bytesPerToken: [String: Double]
    let tensors: [Tensor]

    struct Choice: Encodable {
        let value: String
        let from: String

        init(_ value: some RawRepresentable<String>, _ origin: CheckpointRule.Origin) {
            (self.value, from) = (value.rawValue, "\(origin)")
        }
    }

    struct Part: Encodable {
        let part: String
        let format: String
        let parameters: Int
        let bytes: Int
        let storedBytes: Int
    }

    struct Kind: Encodable {
        let kind: String
        let format: String
        let tensors: Int
        let bytes: Int
        let storedBytes: Int
    }

    struct Tensor: Encodable {
        let name: String
        let shape: [Int]
        let format: String
        let bytes: Int
        let storedBytes: Int
    }

    init(_ report: CheckpointReport) {
        let total = report.total
        kind = "\(report.kind)"
        quantization = report.quantization
        architecture = report.configuration.architecture.rawValue
        layers = report.configuration.layerCount
        trunkLayers = report.configuration.trunkLayerCount
        headLayers = report.configuration.headLayerCount
        sampling = SamplingDocument(SamplingSummary(report.generation))
        notes = report.generation.notes
        phase = Choice(report.rule.rule.phase, report.rule.phaseOrigin)
        promptInput = Choice(report.rule.rule.promptInput, report.rule.promptInputOrigin)
        history = Choice(report.rule.rule.history, report.rule.historyOrigin)
        parameters = total.valueCount
        bytes = total.byteCount
        storedBytes = total.storedByteCount
        parts = report.parts.map {
            Part(
                part: $0.part.rawValue, format: $0.format, parameters: $0.total.valueCount, bytes: $0.total.byteCount,
                storedBytes: $0.total.storedByteCount)
        }
        kinds = report.kinds.map {
            Kind(
                kind: $0.kind, format: $0.format, tensors: $0.total.tensorCount, bytes: $0.total.byteCount,
                storedBytes: $0.total.storedByteCount)
        }
        bytesPerToken = [nil, 2, 3, 4, 6].reduce(into: [:]) {
            $0[$1.map(String.init) ?? "off"] = report.bytesPerToken(factor: $1)
        }
        tensors = report.tensors.map {
            Tensor(
                name: $0.name, shape: $0.shape, format: $0.format, bytes: $0.byteCount, storedBytes: $0.storedByteCount)
        }
    }

}
