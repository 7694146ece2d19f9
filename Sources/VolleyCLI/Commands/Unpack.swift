import ArgumentParser
import Volley

struct Unpack: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a checkpoint as a Hugging Face directory with safetensors.",
        discussion: """
            F32, BF16 and F16 tensors are copied bit for bit. Quantised tensors are decoded to F32, FP8 tensors to BF16.
            A head of its own for cycles is left out.

            EXAMPLE
              volley unpack qwen3-0.6b Qwen3-0.6B
            """)

    @Argument(help: ArgumentHelp("The checkpoint to read.", valueName: "src"))
    var source: String

    @Argument(help: ArgumentHelp("The directory to write; it must not exist.", valueName: "dst"))
    var destination: String

    func run() throws {
        let interrupt = Interrupt()
        let bar = ProgressBar("unpacking")
        defer { bar.end() }
        let opened = try Checkpoint.open(source)
        let checkpoint = try opened.only(.model)
        if opened.parts.contains(.head) { StandardError.warn("the head for cycles is left out") }
        checkpoint.warnings().forEach(StandardError.warn)
        let unpacker = try Unpacker(checkpoint)
        try interrupt.ending(bar) {
            try unpacker.write(to: destination, progress: bar.show, isCancelled: { interrupt.isPressed })
        }
    }
}
