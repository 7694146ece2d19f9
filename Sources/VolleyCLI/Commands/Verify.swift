import ArgumentParser
import Foundation
import Volley

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Verify every byte of a checkpoint against its checksums.",
        discussion: """
            Prints the file and tensor of each fault, and fails if there is one. Only native checkpoints have checksums;
            for others, headers and shapes are checked.
            """)

    @Argument(help: ArgumentHelp("The checkpoint (default: the embedded model).", valueName: "path"))
    var path: String?

    @OptionGroup var unused: UnusedTensorsOption

    func run() throws {
        let bar = ProgressBar("verifying")
        let path = try path ?? Embedded().model
        let checkpoint = try Checkpoint.open(path)
        let faults = checkpoint.faults(
            threadCount: ProcessInfo.processInfo.activeProcessorCount, progress: { bar.show($0) })
        bar.end()
        for fault in faults { StandardError.write("volley: \(fault)\n") }
        guard faults.isEmpty else { throw ExitCode.failure }
        let loaded = try checkpoint.loaded(threadCount: ProcessInfo.processInfo.activeProcessorCount)
        var checked = checkpoint.kind == .native ? "every checksum and shape is right" : "headers and shapes are right"
        if checkpoint.parts.contains(.model) {
            let stack = try LayerStack(
                checkpoint: loaded.only(.model), ignoresUnusedTensors: unused.ignoreUnusedTensors)
            checkpoint.warnings(stack).forEach(StandardError.warn)
            if checkpoint.parts.contains(.head) { _ = try stack.with(headIn: loaded) }
        } else {
            checked = "\(checkpoint.kind == .native ? "every checksum is" : "headers are") right; shapes need the model"
        }
        try StandardOutput.write("\(path): \(checkpoint.summary.count) tensors, \(checked)\n")
    }
}
