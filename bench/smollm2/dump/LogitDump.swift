import ArgumentParser
import Decoding
import Foundation
import Tensors

/// Writes float32 logits [position, vocabulary] of texts to standard output: what a model says of each of their later
/// positions when it decodes them token by token. A line of standard input holds a text's ids.
///
///     swift run -c release LogitDump model.gguf --first 256 --activations int8 <ids >logits
@main
struct LogitDump: ParsableCommand {
    @Argument(help: "A checkpoint.")
    var model: String

    @Option(help: "The first position of each text whose logits are written.")
    var first: Int

    @Option(help: "What quantised weights multiply: int16 or int8.")
    var activations = "int16"

    @Option(help: "Keys and values: f16, f32, q8_0, or as in q8_0/f16.")
    var kv = "f16"

    @Option(name: .shortAndLong, help: "Threads.")
    var threads = 2

    func run() throws {
        guard let activations = ActivationFormat(rawValue: activations), let format = KVFormat(rawValue: kv), first > 0
        else { throw ValidationError("There are no such activations, keys and values, or first position.") }
        let generator = Generator(
            try Model(path: model, threadCount: threads),
            options: SessionOptions(threadCount: threads, kvFormat: format, activations: activations))
        while let line = readLine() {
            let ids = line.split(separator: " ").compactMap { Int($0) }
            guard ids.count > first else { throw ValidationError("A text has no position \(first).") }
            generator.reset()
            try generator.read(Array(ids[...first]), plan: .vanilla)
            for position in first..<ids.count {
                if position > first { try generator.append(ids[position]) }
                try FileHandle.standardOutput.write(contentsOf: Data(buffer: generator.logits()))
            }
        }
    }
}
