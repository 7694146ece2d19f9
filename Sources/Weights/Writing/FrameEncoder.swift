import JSON
import Tensors

/// A tensor with its format and name in the output.
struct PlannedTensor: Sendable {
    let source: TensorSource
    let format: StorageFormat
    let name: String

    init(_ source: TensorSource, as format: StorageFormat, name: String? = nil) {
        self.source = source.converted(to: format)
        self.format = format
        self.name = name ?? source.name
    }

    var byteCount: Int { source.valueCount / format.valuesPerBlock * format.bytesPerBlock }

    /// Splits the tensor into one job per frame.
    func jobs(tensor: Int) -> [PackJob] {
        stride(from: 0, to: source.valueCount, by: Manifest.frameValueCount).map { start in
            PackJob(tensor: tensor, values: start..<min(start + Manifest.frameValueCount, source.valueCount))
        }
    }
}

/// A frame to encode.
struct PackJob: Sendable {
    /// Index of the planned tensor.
    let tensor: Int
    let values: Range<Int>
}

/// An encoded frame.
struct PackedFrame: Sendable {
    let stored: [UInt8]
    let contentCount: Int
    let checksum: Checksum
}

/// Frames by index, filled from several threads.
// Sendable: each slot is written by one thread, and read after all threads are done.
final class FrameSlots: @unchecked Sendable {
    private let slots: UnsafeMutableBufferPointer<PackedFrame?>

    init(count: Int) {
        slots = .allocate(capacity: count)
        slots.initialize(repeating: nil)
    }

    deinit {
        slots.deinitialize()
        slots.deallocate()
    }

    func fill(_ index: Int, _ frame: PackedFrame) { slots[index] = frame }

    var frames: [PackedFrame] { slots.compactMap(\.self) }
}

/// Converts and compresses parts of tensors. Use one per thread.
final class FrameEncoder {
    private let options: PackOptions
    private let decoder = FrameDecoder()
    private let source = AlignedBuffer<UInt8>(unfilledCount: Manifest.frameByteLimit)
    private let values = AlignedBuffer<Float>(unfilledCount: Manifest.frameValueCount)
    private let content = AlignedBuffer<UInt8>(unfilledCount: Manifest.frameByteLimit)

    init(_ options: PackOptions) { self.options = options }

    func encode(_ job: PackJob, of tensor: PlannedTensor) throws(CheckpointError) -> PackedFrame {
        let content = try content(of: job, tensor)
        let checksum = Checksum(of: content)
        let stored: [UInt8] =
            switch options.compression {
            case .none: Array(content)
            case .lz4: LZ4Frame.compressed(filtered(content, tensor.format), .fast)
            case .lz4hc: LZ4Frame.compressed(filtered(content, tensor.format), .high)
            }
        return PackedFrame(stored: stored, contentCount: content.count, checksum: checksum)
    }

    /// The values in the output format.
    private func content(
        of job: PackJob, _ tensor: PlannedTensor
    ) throws(CheckpointError) -> UnsafeRawBufferPointer {
        try tensor.source.read(job.values, with: decoder, to: source.pointer)
        let byteCount = job.values.count / tensor.format.valuesPerBlock * tensor.format.bytesPerBlock
        guard tensor.format != tensor.source.format else {
            return UnsafeRawBufferPointer(start: source.pointer, count: byteCount)
        }
        Quantizer.decode(source.pointer, as: tensor.source.format, count: job.values.count, to: values.pointer)
        let floats = UnsafeBufferPointer(start: values.pointer, count: job.values.count)
        guard tensor.format.valuesPerBlock == 1 || floats.allSatisfy(\.isFinite) else {
            throw .unsupported(
                path: tensor.source.path, place: "tensor \(quoted(tensor.name))",
                problem: "holds values that are not finite",
                remedy: "pack it with --format keep")
        }
        Quantizer.encode(floats, as: tensor.format, to: content.pointer)
        return UnsafeRawBufferPointer(start: content.pointer, count: byteCount)
    }

    private func filtered(_ content: UnsafeRawBufferPointer, _ format: StorageFormat) -> UnsafeRawBufferPointer {
        guard options.filter(for: format) == .planes, let width = format.wordByteCount, let base = content.baseAddress
        else { return content }
        // The float32 values are no longer needed, so their buffer is reused.
        let planes = UnsafeMutableRawPointer(values.pointer)
        Planes.split(base, count: content.count / width, width: width, to: planes)
        return UnsafeRawBufferPointer(start: planes, count: content.count)
    }
}
