import JSON
import Tensors

/// A checkpoint's tensor, read a part at a time, so that no whole tensor need be in memory.
package struct TensorSource: Sendable {
    /// Of the checkpoint, for messages.
    let path: String
    package let name: String
    package let shape: [Int]
    package let format: StorageFormat
    private let content: Content

    private enum Content: Sendable {
        case stored(StoredTensor)
        case frames(Manifest.Tensor, shards: [ShardFile])
    }

    /// The tensor of this name.
    /// - Throws: as `Checkpoint.tensor` does.
    package init(_ name: String, of checkpoint: Checkpoint) throws(CheckpointError) {
        if case .native(let native) = checkpoint.contents, let index = native.indices[name] {
            let tensor = native.manifest.tensors[index]
            self.init(
                path: checkpoint.path, name: name, shape: tensor.shape, format: tensor.format,
                content: .frames(tensor, shards: native.shards))
        } else {
            let tensor = try checkpoint.tensor(name)
            self.init(
                path: checkpoint.path, name: name, shape: tensor.shape, format: tensor.format, content: .stored(tensor))
        }
    }

    private init(path: String, name: String, shape: [Int], format: StorageFormat, content: Content) {
        self.path = path
        self.name = name
        self.shape = shape
        self.format = format
        self.content = content
    }

    package var valueCount: Int { shape.reduce(1, *) }

    /// Reads the values of `range`, whole blocks, as they are stored.
    package func read(
        _ range: Range<Int>, with decoder: FrameDecoder, to output: UnsafeMutableRawPointer
    ) throws(CheckpointError) {
        let start = range.lowerBound / format.valuesPerBlock * format.bytesPerBlock
        let end = range.upperBound / format.valuesPerBlock * format.bytesPerBlock
        switch content {
        case .stored(let tensor):
            tensor.withBytes { bytes in
                let part = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                if let base = part.baseAddress { output.copyMemory(from: base, byteCount: part.count) }
                (tensor.owner as? MappedFile)?.release(part)
            }
        case .frames(let tensor, let shards):
            var frameStart = 0
            for frame in tensor.frames {
                let frameRange = frameStart..<frameStart + frame.contentCount
                frameStart = frameRange.upperBound
                let wanted = frameRange.clamped(to: start..<end)
                guard !wanted.isEmpty else { continue }
                let target = output + (wanted.lowerBound - start)
                if wanted == frameRange {
                    try decoder.decode(frame, of: tensor, from: shards[frame.shard], to: target)
                } else {
                    let whole = AlignedBuffer<UInt8>(unfilledCount: frame.contentCount)
                    try decoder.decode(frame, of: tensor, from: shards[frame.shard], to: whole.pointer)
                    target.copyMemory(
                        from: whole.pointer + (wanted.lowerBound - frameRange.lowerBound), byteCount: wanted.count)
                }
            }
        }
    }
}
