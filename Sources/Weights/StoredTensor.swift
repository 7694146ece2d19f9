import Tensors

/// A tensor in its storage format, usually mapped in place.
// Sendable: `bytes` is read-only memory that `owner`, itself Sendable, keeps alive.
package struct StoredTensor: @unchecked Sendable {
    /// The Hugging Face name.
    package let name: String
    /// Row-major: `[out, in]` for a matrix, `[width]` for a vector.
    package let shape: [Int]
    /// The storage format. The last dimension is a multiple of its block size.
    package let format: StorageFormat
    /// All rows in order, at any alignment. Valid only while `owner` lives, which can end at the last use of this
    /// value: read through `withBytes`, or keep `owner` beside the pointer.
    package let bytes: UnsafeRawBufferPointer
    /// Keeps `bytes` alive.
    package let owner: any AnyObject & Sendable

    /// Calls `body` with `bytes` and keeps them valid until it returns.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(owner) {} }
        return try body(bytes)
    }
}

/// The location of a tensor in a mapped file. Created only after its range and size were checked.
struct TensorLocation: Sendable {
    let file: MappedFile
    /// Range in `file.bytes`.
    let byteRange: Range<Int>
    /// Row-major, as in Hugging Face.
    let shape: [Int]
    /// The type after reading: the file's type, except for a matrix with `scales`.
    var type: StoredType
    var rowOrder = RowOrder.asHuggingFace
    /// The scales, if the file holds e4m3 codes that reading converts to `type`.
    var scales: BlockScales?

    /// A format that kernels support, or the name of another.
    enum StoredType: Sendable, Equatable {
        case known(StorageFormat)
        /// FP8 codes, which need scales to become values.
        case e4m3
        case unknown(String)

        /// The name in messages.
        var name: String {
            switch self {
            case .known(let format): format.name
            case .e4m3: "'F8_E4M3'"
            case .unknown(let name): name
            }
        }
    }

    enum RowOrder: Sendable, Equatable {
        case asHuggingFace
        /// llama.cpp's order for Llama: the two halves of each head's rows are interleaved.
        case rotaryPairs(headCount: Int)
    }
}

extension TensorLocation {
    /// Size of the tensor after reading.
    var byteCount: Int {
        guard scales != nil, case .known(let format) = type else { return byteRange.count }
        return byteRange.count / format.valuesPerBlock * format.bytesPerBlock
    }

    /// Sets the format that a matrix with scales is converted to, or bf16 if its rows are not whole blocks of `format`.
    /// Other tensors stay unchanged.
    func converted(to format: StorageFormat) -> TensorLocation {
        guard scales != nil else { return self }
        var result = self
        result.type = .known(format.rowByteCount(columns: shape.last ?? 1) == nil ? .bf16 : format)
        return result
    }

    /// Copies part of the tensor, converted and in Hugging Face's row order, and lets the system evict the file's
    /// pages.
    ///
    /// - Parameter range: range of the converted bytes, whole blocks.
    /// - Throws: `CheckpointError.damaged` if a converted value is not finite.
    func copy(_ range: Range<Int>, to output: UnsafeMutableRawPointer) throws(CheckpointError) {
        if let scales, case .known(let format) = type {
            let first = range.lowerBound / format.bytesPerBlock * format.valuesPerBlock
            let values = first..<first + range.count / format.bytesPerBlock * format.valuesPerBlock
            return try dequantize(values, of: scales, as: format, to: output)
        }
        file.withBytes { bytes in
            let tensor = UnsafeRawBufferPointer(rebasing: bytes[byteRange])
            switch rowOrder {
            case .asHuggingFace:
                copyBytes(of: tensor, range, to: output)
                file.release(UnsafeRawBufferPointer(rebasing: tensor[range]))
            case .rotaryPairs(let headCount):
                RotaryRows(rowCount: shape[0], headCount: headCount).copy(range, of: tensor, to: output)
                // Reordered rows come from the whole head, so keep the pages until the last part is read.
                if range.upperBound == tensor.count { file.release(tensor) }
            }
        }
    }
}

func copyBytes(of bytes: UnsafeRawBufferPointer, _ range: Range<Int>, to output: UnsafeMutableRawPointer) {
    guard let base = bytes.baseAddress else { return }
    output.copyMemory(from: base + range.lowerBound, byteCount: range.count)
}

/// The number of values in `shape`; nil if a dimension is negative or the number overflows 64 bits.
///
/// The other dimensions' product must fit even if one dimension is zero, so that arithmetic on part of a shape cannot
/// overflow.
func valueCount(ofShape shape: [Int]) -> Int? {
    var product = 1
    for dimension in shape {
        guard dimension >= 0 else { return nil }
        let (next, overflow) = product.multipliedReportingOverflow(by: max(dimension, 1))
        guard !overflow else { return nil }
        product = next
    }
    return shape.contains(0) ? 0 : product
}

/// Size of a tensor in bytes; nil if rows are not whole blocks or the size overflows 64 bits.
func byteCount(ofShape shape: [Int], _ format: StorageFormat) -> Int? {
    let columns = shape.last ?? 1
    guard valueCount(ofShape: shape) != nil, let rowBytes = format.rowByteCount(columns: columns) else { return nil }
    return valueCount(ofShape: shape.dropLast() + [rowBytes])
}

extension StorageFormat {
    /// The name in GGUF and safetensors files, for messages.
    var name: String { rawValue.uppercased() }
}
