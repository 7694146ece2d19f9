import JSON
import Synchronization
import Tensors

extension Checkpoint {
    /// Reads the whole checkpoint and verifies every checksum.
    ///
    /// Only native checkpoints have checksums. For others, `open` has checked the headers; this checks that each
    /// tensor's format is known.
    /// - Parameter progress: called with the completed fraction, from 0 to 1, on any thread.
    /// - Returns: one error per fault, naming file and tensor; empty if the checkpoint is intact.
    package func faults(threadCount: Int, progress: @Sendable (Double) -> Void) -> [CheckpointError] {
        switch contents {
        case .native(let native): return native.faults(threadCount: threadCount, progress: progress)
        case .mapped, .loaded:
            return tensorNames.compactMap { name in
                do throws(CheckpointError) {
                    _ = try tensor(name)
                    return nil
                } catch {
                    return error
                }
            }
        }
    }
}

extension NativeCheckpoint {
    fileprivate func faults(threadCount: Int, progress: @Sendable (Double) -> Void) -> [CheckpointError] {
        var faults: [CheckpointError] = []
        for file in manifest.files {
            do throws(CheckpointError) { _ = try companion(file) } catch { faults.append(error) }
        }
        let frames = manifest.tensors.indices.flatMap { tensor in
            manifest.tensors[tensor].frames.map { (tensor: tensor, frame: $0) }
        }
        let found = Mutex<[(Int, CheckpointError)]>([])
        let done = Atomic(0)
        inParallel(count: frames.count, threadCount: threadCount) {
            FrameChecker()
        } body: { checker, index in
            let (tensor, frame) = frames[index]
            if let fault = checker.fault(of: frame, manifest.tensors[tensor], shards[frame.shard]) {
                found.withLock { $0.append((index, fault)) }
            }
            progress(Double(done.add(1, ordering: .relaxed).newValue) / Double(frames.count))
        }
        return faults + found.withLock { $0 }.sorted { $0.0 < $1.0 }.map(\.1) + paddingFaults()
    }

    /// Checks that the padding between tensors of uncompressed shards is zero.
    private func paddingFaults() -> [CheckpointError] {
        var ends = [Int](repeating: 0, count: shards.count)
        var faults: [CheckpointError] = []
        let frames = manifest.tensors.flatMap(\.frames).sorted { ($0.shard, $0.offset) < ($1.shard, $1.offset) }
        for frame in frames {
            let file = shards[frame.shard]
            let gap = ends[frame.shard]..<frame.offset
            ends[frame.shard] = frame.offset + frame.storedCount
            guard !gap.isEmpty else { continue }
            let bytes = AlignedBuffer<UInt8>(count: gap.count)
            do throws(CheckpointError) {
                try file.read(
                    at: gap.lowerBound, into: UnsafeMutableRawBufferPointer(start: bytes.pointer, count: gap.count))
            } catch {
                faults.append(error)
            }
            if (0..<gap.count).contains(where: { bytes.pointer[$0] != 0 }) {
                faults.append(
                    .damaged(
                        path: file.path, place: "bytes \(gap.lowerBound) to \(gap.upperBound - 1)",
                        problem: "lie between two tensors and are not zero"))
            }
        }
        return faults
    }
}

/// Decodes frames and verifies every checksum. Use one per thread.
private final class FrameChecker {
    private let decoder = FrameDecoder(checksContent: true)
    private let content = AlignedBuffer<UInt8>(unfilledCount: Manifest.frameByteLimit)

    func fault(of frame: Manifest.Frame, _ tensor: Manifest.Tensor, _ file: ShardFile) -> CheckpointError? {
        do throws(CheckpointError) {
            try decoder.decode(frame, of: tensor, from: file, to: content.pointer)
            return nil
        } catch {
            return error
        }
    }
}
