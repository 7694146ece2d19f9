import ArgumentParser
import Foundation
import Volley

struct Pack: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a checkpoint in volley's own format, compressed and with checksums.",
        discussion: """
            SRC is a Hugging Face directory, a .gguf file or a native directory. Vectors (norms) keep their format. FP8
            weights are converted to bf16, or to --format. If the command fails, DST is unchanged.

            With --head, DST holds the model and its head for cycles, and loads as both. The head keeps its formats; pack it
            alone to convert it.

            EXAMPLES
              volley pack Qwen3-0.6B qwen3-0.6b
              volley pack Qwen3-0.6B qwen3-0.6b-q8 --format q8_0 --embed-format bf16
              volley pack model.gguf model --compress none
              volley pack model.gguf model-mtd --head head-q8
              volley pack model-mtd head --part head
            """)

    @Argument(help: ArgumentHelp("The checkpoint to read.", valueName: "src"))
    var source: String

    @Argument(help: ArgumentHelp("The directory to write.", valueName: "dst"))
    var destination: String

    @Option(help: ArgumentHelp("Join this head of its own for cycles to the model.", valueName: "path"))
    var head: String?

    @Option(help: ArgumentHelp("Write only this part of SRC: model or head.", valueName: "part"))
    var part: CheckpointPart?

    @Option(
        help: ArgumentHelp("Format of matrices: f32, bf16, f16, q8_0, q4_0, q4_1 or keep.", valueName: "format"))
    var format = PackFormat.keep

    @Option(help: ArgumentHelp("Format of lm_head (default: --format).", valueName: "format"))
    var lmHeadFormat: PackFormat?

    @Option(name: .customLong("head-format"), help: .hidden)
    var oldLMHeadFormat: PackFormat?

    @Option(help: ArgumentHelp("Format of the embedding (default: --format).", valueName: "format"))
    var embedFormat: PackFormat?

    @Option(
        help: ArgumentHelp(
            "Compression: lz4, lz4hc (smaller, slower to write) or none (memory-mapped).", valueName: "method"))
    var compress = PackOptions.Compression.lz4

    @Option(help: ArgumentHelp("Maximum size of a shard.", valueName: "size"))
    var shardSize = ByteSize(byteCount: 256 << 20)

    @Option(parsing: .unconditional, help: "Threads that convert and compress (default: all cores).")
    var threads: Int?

    func validate() throws {
        if let threads, !(1...256).contains(threads) {
            throw ValidationError("the thread count is \(threads); give a number from 1 to 256")
        }
        if head != nil, part == .head {
            throw ValidationError("--head joins what --part head leaves out; give one of them")
        }
    }

    func run() throws {
        let interrupt = Interrupt()
        let bar = ProgressBar("packing")
        defer { bar.end() }
        let opened = try Checkpoint.open(source)
        let checkpoint = try part.map(opened.only) ?? opened
        checkpoint.warnings().forEach(StandardError.warn)
        let joined = try head.map { try Checkpoint.open($0).only(.head) }
        if let joined { try CycleHead.check(joined, isOf: checkpoint) }
        let packer = try Packer(checkpoint, head: joined, options: options)
        for name in packer.keptTensorNames {
            StandardError.write(
                "volley: \(name) keeps its format: its rows are not whole blocks of the one asked for\n")
        }
        try interrupt.ending(bar) {
            try packer.write(to: destination, progress: bar.show, isCancelled: { interrupt.isPressed })
        }
    }

    private var options: PackOptions {
        let lmHeadFormat = lmHeadFormat ?? oldLMHeadFormat
        var options = PackOptions(
            format: format.format, lmHeadFormat: lmHeadFormat?.format, embeddingFormat: embedFormat?.format,
            compression: compress, shardByteCount: shardSize.byteCount,
            threadCount: threads ?? ProcessInfo.processInfo.activeProcessorCount)
        options.keepsLMHead = lmHeadFormat?.isKeep == true
        options.keepsEmbedding = embedFormat?.isKeep == true
        return options
    }
}

extension PackOptions.Compression: ExpressibleByArgument {}
extension CheckpointPart: ExpressibleByArgument {}

extension Interrupt {
    /// Runs `work`. If Ctrl-C ends it, clears the bar and exits with 130, as shells expect.
    func ending(_ bar: ProgressBar, _ work: () throws -> Void) throws {
        do {
            try work()
        } catch CheckpointError.cancelled {
            bar.end()
            StandardError.write("volley: \(CheckpointError.cancelled)\n")
            throw ExitCode(130)
        }
    }
}
