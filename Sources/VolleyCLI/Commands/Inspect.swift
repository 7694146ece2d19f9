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
