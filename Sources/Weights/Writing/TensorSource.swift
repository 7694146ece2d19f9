import JSON
import Tensors

/// A tensor of a checkpoint, read in parts so that it need not fit in memory.
package struct TensorSource: Sendable {
    /// Path of the checkpoint, for messages.
    let path: String
    package let name: String
    package let shape: [Int]
    package let format: StorageFormat
    private let content: Content

    private enum Content: Sendable {
        case mapped(TensorLocation)
        case memory(StoredTensor)
        case frames(Manifest.Tensor, shards: [ShardFile])
    }

    /// Finds the tensor with this name.
    /// - Throws: like `Checkpoint.tensor`.
    package init(_ name: String, of checkpoint: Checkpoint) throws(CheckpointError) {
        switch checkpoint.contents {
        case .mapped(let locations):
            guard let location = locations[name] else { break }
            self.init(
                path: checkpoint.path, name: name, shape: location.shape,
                format: try checkpoint.format(of: name, at: location), content: .mapped(location))
            return
        case .native(let native):
            guard let index = native.indices[name] else { break }
            let tensor = native.manifest.tensors[index]
            self.init(
                path: checkpoint.path, name: name, shape: tensor.shape, format: tensor.format,
                content: .frames(tensor, shards: native.shards))
            return
        case .loaded(let tensors):
            guard let tensor = tensors[name] else { break }
            self.init(
                path: checkpoint.path, name: name, shape: tensor.shape, format: tensor.format, content: .memory(tensor))
            return
        }
        throw .missingTensor(path: checkpoint.path, name: name)
    }

    private init(path: String, name: String, shape: [Int], format: StorageFormat, content: Content) {
        self.path = path
        self.name = name
        self.shape = shape
        self.format = format
        self.content = content
    }

    package var valueCount: Int { shape.reduce(1, *) }

    /// The same tensor, converted straight to `format` if its values must be converted anyway. This avoids rounding
    /// twice.
    func converted(to format: StorageFormat) -> TensorSource {
        guard case .mapped(let location) = content, location.scales != nil,
            format.rowByteCount(columns: shape.last ?? 1) != nil
        else { return self }
        return TensorSource(
            path: path, name: name, shape: shape, format: format, content: .mapped(location.converted(to: format)))
    }

    /// Reads the values in `range`, which covers whole blocks, in their storage format.
    package func read(
        _ range: Range<Int>, with decoder: FrameDecoder, to output: UnsafeMutableRawPointer
    ) throws(CheckpointError) {
        let start = range.lowerBound / format.valuesPerBlock * format.bytesPerBlock
        let end = range.upperBound / format.valuesPerBlock * format.bytesPerBlock
        switch content {
        case .mapped(let location): try location.copy(start..<end, to: output)
        case .memory(let tensor): tensor.withBytes { copyBytes(of: $0, start..<end, to: output) }
        case .frames(let tensor, let shards):
            var frameStart = 0
            for frame in tensor.frames {
                let frameRange = frameStart..<frameStart + frame.contentCount
                frameStart = frameRange.upperBound
                let wanted = frameRange.clamped(to: start..<end)
                guard !wanted.isEmpty else { continue }
                try decoder.decode(
                    frame, of: tensor, from: shards[frame.shard], wanted.lowerBound - frameRange.lowerBound,
                    wanted.count, to: output + (wanted.lowerBound - start))
            }
        }
    }
}

extension FrameDecoder {
    /// Decodes `count` bytes of a frame, starting at `start`.
    fileprivate func decode(
        _ frame: Manifest.Frame, of tensor: Manifest.Tensor, from file: ShardFile, _ start: Int, _ count: Int,
        to output: UnsafeMutableRawPointer
    ) throws(CheckpointError) {
        guard count < frame.contentCount else { return try decode(frame, of: tensor, from: file, to: output) }
        let whole = AlignedBuffer<UInt8>(unfilledCount: frame.contentCount)
        try decode(frame, of: tensor, from: file, to: whole.pointer)
        output.copyMemory(from: whole.pointer + start, byteCount: count)
    }
}
