import Foundation
import JSON
import Tensors

/// Converts any readable checkpoint to a Hugging Face directory: `config.json`, `model.safetensors` and companion
/// files. F32, BF16 and F16 tensors are bit-identical; quantised ones become F32.
package struct Unpacker {
    private let checkpoint: Checkpoint
    private let sources: [TensorSource]

    /// - Throws: `CheckpointError` if a tensor cannot be read.
    package init(_ checkpoint: Checkpoint) throws(CheckpointError) {
        self.checkpoint = checkpoint
        var sources: [TensorSource] = []
        for name in checkpoint.tensorNames { sources.append(try TensorSource(name, of: checkpoint)) }
        self.sources = sources
    }

    /// Writes the directory. On failure, the destination is left unchanged.
    /// - Parameters:
    ///   - progress: called with the completed fraction, from 0 to 1.
    ///   - isCancelled: polled every few megabytes.
    package func write(
        to destination: String, progress: (Double) -> Void, isCancelled: () -> Bool
    ) throws(CheckpointError) {
        let staged = try StagedDirectory(for: destination) { _ in false }
        _ = try CompanionFiles(of: checkpoint).write(to: staged.path)
        var configuration = try OutputFile(path: joinedPath(staged.path, "config.json"))
        try configuration.write(Array((checkpoint.configuration.text + "\n").utf8))
        try configuration.finish()
        try writeTensors(to: joinedPath(staged.path, "model.safetensors"), progress, isCancelled)
        try staged.commit()
    }

    private func writeTensors(
        to path: String, _ progress: (Double) -> Void, _ isCancelled: () -> Bool
    ) throws(CheckpointError) {
        var file = try OutputFile(path: path)
        let header = header()
        try file.write(withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) })
        try file.write(header)
        let total = sources.reduce(0) { $0 + $1.valueCount }
        var done = 0
        let reader = PlainReader()
        for source in sources {
            for start in stride(from: 0, to: source.valueCount, by: Manifest.frameValueCount) {
                guard !isCancelled() else { throw .cancelled }
                let values = start..<min(start + Manifest.frameValueCount, source.valueCount)
                try file.write(try reader.bytes(of: values, source))
                done += values.count
                progress(Double(done) / Double(total))
            }
        }
        try file.finish()
    }

    /// The safetensors header, padded so that the data starts at a multiple of 8.
    private func header() -> [UInt8] {
        var object: JSONObject = ["__metadata__": .object(["format": "pt"])]
        var offset = 0
        for source in sources {
            let end = offset + source.valueCount * source.plainFormat.bytesPerBlock
            object[source.name] = .object([
                "dtype": .string(source.plainFormat.rawValue.uppercased()),
                "shape": .array(source.shape.map { .int($0) }), "data_offsets": .array([.int(offset), .int(end)]),
            ])
            offset = end
        }
        let text = Array(JSONValue.object(object).text.utf8)
        return text + [UInt8](repeating: 0x20, count: (8 - text.count % 8) % 8)
    }
}

extension TensorSource {
    /// The format in a safetensors file.
    fileprivate var plainFormat: StorageFormat { format.valuesPerBlock == 1 ? format : .f32 }
}

/// Reads parts of tensors, quantised ones as float32.
private final class PlainReader {
    private let decoder = FrameDecoder()
    private let stored = AlignedBuffer<UInt8>(unfilledCount: Manifest.frameByteLimit)
    private let values = AlignedBuffer<Float>(unfilledCount: Manifest.frameValueCount)

    func bytes(of range: Range<Int>, _ source: TensorSource) throws(CheckpointError) -> [UInt8] {
        try source.read(range, with: decoder, to: stored.pointer)
        guard source.format.valuesPerBlock > 1 else {
            return Array(UnsafeBufferPointer(start: stored.pointer, count: range.count * source.format.bytesPerBlock))
        }
        Quantizer.decode(stored.pointer, as: source.format, count: range.count, to: values.pointer)
        return Array(UnsafeRawBufferPointer(start: values.pointer, count: 4 * range.count))
    }
}
