import Tensors
import Weights

/// Reads every frame, checks and decodes it to memory that is used again and again: what loading costs without the
/// system's clearing of fresh memory.
struct Decoding {
    private let parts: [(source: TensorSource, values: Range<Int>)]

    init(_ path: String) throws {
        let checkpoint = try Checkpoint.open(path)
        var parts: [(TensorSource, Range<Int>)] = []
        for name in checkpoint.tensorNames {
            let source = try TensorSource(name, of: checkpoint)
            for start in stride(from: 0, to: source.valueCount, by: Manifest.frameValueCount) {
                parts.append((source, start..<min(start + Manifest.frameValueCount, source.valueCount)))
            }
        }
        self.parts = parts
    }

    func seconds(threadCount: Int) throws -> Double {
        let start = ContinuousClock.now
        try inParallel(count: parts.count, threadCount: threadCount) {
            (FrameDecoder(), AlignedBuffer<UInt8>(unfilledCount: Manifest.frameByteLimit))
        } body: { state, index throws(CheckpointError) in
            try parts[index].source.read(parts[index].values, with: state.0, to: state.1.pointer)
        }
        return (ContinuousClock.now - start).seconds
    }
}
