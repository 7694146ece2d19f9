import JSON
import Tensors

/// Decodes frames of a native checkpoint into memory. Use one per thread.
package final class FrameDecoder {
    private let decoder = LZ4Decoder()
    private var stored = AlignedBuffer<UInt8>(count: 0)
    private let planes = AlignedBuffer<UInt8>(unfilledCount: Manifest.frameByteLimit)
    /// Whether to verify the LZ4 frames' own checksums too. The manifest's cover the same bytes.
    private let checksContent: Bool
    private let checksTensors: Bool

    package init(checksContent: Bool = false, checksTensors: Bool = true) {
        self.checksContent = checksContent
        self.checksTensors = checksTensors
    }

    /// Decodes `frame` of `tensor` to `output`, which has room for `frame.contentCount` bytes.
    func decode(
        _ frame: Manifest.Frame, of tensor: Manifest.Tensor, from file: ShardFile, to output: UnsafeMutableRawPointer
    ) throws(CheckpointError) {
        let content = UnsafeMutableRawBufferPointer(start: output, count: frame.contentCount)
        switch file.shard.compression {
        case .none: try file.read(at: frame.offset, into: content)
        case .lz4:
            // Verification needs the whole frame. Otherwise the content of a stored frame is read directly.
            let isRead = checksContent ? false : try readStored(frame, of: tensor, from: file, to: content)
            if !isRead { try decompress(frame, of: tensor, from: file, to: content) }
        }
        guard !checksTensors || Checksum(of: UnsafeRawBufferPointer(content)) == frame.checksum else {
            throw fault(frame, of: tensor, in: file, "does not have the checksum that the manifest says")
        }
    }

    /// Reads the content of an uncompressed frame directly to its destination.
    /// - Returns: false if the frame is compressed.
    private func readStored(
        _ frame: Manifest.Frame, of tensor: Manifest.Tensor, from file: ShardFile,
        to content: UnsafeMutableRawBufferPointer
    ) throws(CheckpointError) -> Bool {
        guard tensor.filter == .none, frame.storedCount == LZ4Frame.storedFrameCount(frame.contentCount) else {
            return false
        }
        let header = LZ4Frame.storedHeader(frame.contentCount)
        guard try file.bytes(at: frame.offset, count: header.count) == header else { return false }
        try file.read(at: frame.offset + header.count, into: content)
        return true
    }

    private func decompress(
        _ frame: Manifest.Frame, of tensor: Manifest.Tensor, from file: ShardFile,
        to content: UnsafeMutableRawBufferPointer
    ) throws(CheckpointError) {
        if stored.count < frame.storedCount {
            stored = AlignedBuffer(unfilledCount: LZ4Frame.bound(frame.contentCount))
        }
        let compressed = UnsafeMutableRawBufferPointer(start: stored.pointer, count: frame.storedCount)
        try file.read(at: frame.offset, into: compressed)
        let width = tensor.filter == .planes ? tensor.format.wordByteCount : nil
        let target =
            width == nil
            ? content : UnsafeMutableRawBufferPointer(start: planes.pointer, count: frame.contentCount)
        let problem = decoder.decode(UnsafeRawBufferPointer(compressed), into: target, checksContent: checksContent)
        if let problem { throw fault(frame, of: tensor, in: file, problem) }
        if let width, let output = content.baseAddress {
            Planes.join(planes.pointer, count: frame.contentCount / width, width: width, to: output)
        }
    }

    private func fault(
        _ frame: Manifest.Frame, of tensor: Manifest.Tensor, in file: ShardFile, _ problem: String
    ) -> CheckpointError {
        .damaged(
            path: file.path, place: "tensor \(quoted(tensor.name)), the frame at byte \(frame.offset)", problem: problem
        )
    }
}
