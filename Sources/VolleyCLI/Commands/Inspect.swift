import ArgumentParser
import Foundation
import Measuring
import Volley

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show a checkpoint's layers, formats and sizes, and the bytes that each factor reads per token.")

    @Argument(
        help: ArgumentHelp(
            "A native or Hugging Face directory, or a .gguf file (default: the embedded model).", valueName: "path"))
    var path: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Use the last N layers as the head (default: the checkpoint's number).", valueName: "n"))
    var headLayers: Int?

    @OptionGroup var rule: RuleOptions

    @Flag(help: "List every tensor.")
    var tensors = false

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() throws {
        let checkpoint = try Checkpoint.open(path ?? Embedded().model)
        guard checkpoint.parts.contains(.model) else { return try show(CycleHeadReport(checkpoint)) }
        let report = try CheckpointReport(checkpoint, headLayers: headLayers, rule: rule.overrides)
        checkpoint.warnings().forEach(StandardError.warn)
        try StandardOutput.write(
            json ? try InspectionDocument(report).jsonDocument() : InspectionText(report, listsTensors: tensors).text)
    }
    private func show(_ head: CycleHeadReport) throws {
        try StandardOutput.write(
            json
                ? try CycleHeadDocument(head).jsonDocument() : CycleHeadText(head, listsTensors: tensors).text)
    }
}
