import Tensors

/// A tensor as it lies in its file: not copied, not converted.
// Sendable: `bytes` is read-only memory that `owner`, itself Sendable, keeps alive.
package struct StoredTensor: @unchecked Sendable {
    /// The name Hugging Face gives it.
    package let name: String
    /// Row-major: `[out, in]` for a matrix, `[width]` for a vector.
    package let shape: [Int]
    /// How the values are laid out; the last dimension is whole blocks of it.
    package let format: StorageFormat
    /// All rows, one after the other. May start at any address. Valid only while `owner` lives, and Swift may end that
    /// at the last use of this value: read through `withBytes`, or keep `owner` beside the pointer.
    package let bytes: UnsafeRawBufferPointer
    /// Keeps `bytes` alive.
    package let owner: any AnyObject & Sendable

    /// Calls `body` with `bytes`, and keeps them valid until it returns.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(owner) {} }
        return try body(bytes)
    }
}

/// Where a tensor lies in a mapped file. Made only after its place and size were checked.
struct TensorLocation: Sendable {
    let file: MappedFile
    /// Inside `file.bytes`.
    let byteRange: Range<Int>
    /// Row-major, as Hugging Face has it.
    let shape: [Int]
    /// What the tensor is read as: the file's own type, but for a matrix with `scales`.
    var type: StoredType
    /// How the file orders the rows.
    var rowOrder = RowOrder.asHuggingFace
    /// Where the file holds e4m3 codes that are made values of `type` on the way in.
    var scales: BlockScales?

    /// A format the kernels know, or the name of one they do not.
    enum StoredType: Sendable, Equatable {
        case known(StorageFormat)
        /// FP8 codes, which are values only with their scales.
        case e4m3
        case unknown(String)

        /// For messages.
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
        /// The rows of each of `headCount` heads are interleaved as llama.cpp's Llama wants them.
        case rotaryPairs(headCount: Int)
    }
}

extension TensorLocation {
    /// Bytes of the tensor as it is read.
    var byteCount: Int {
        guard scales != nil, case .known(let format) = type else { return byteRange.count }
        return byteRange.count / format.valuesPerBlock * format.bytesPerBlock
    }

    /// A matrix with scales, its values made `format`, or bf16 where its rows are not whole blocks of that. Others stay as they
    /// are.
    func made(as format: StorageFormat) -> TensorLocation {
        guard scales != nil else { return self }
        var result = self
        result.type = .known(format.rowByteCount(columns: shape.last ?? 1) == nil ? .bf16 : format)
        return result
    }

    /// Copies part of the tensor as it is read, in Hugging Face's row order, and lets the system forget the file's pages.
    ///
    /// - Parameter range: of its bytes; whole blocks.
    /// - Throws: `CheckpointError.damaged` where a value that is made is not finite.
    func copy(_ range: Range<Int>, to output: UnsafeMutableRawPointer) throws(CheckpointError) {
        if let scales, case .known(let format) = type {
            let first = range.lowerBound / format.bytesPerBlock * format.valuesPerBlock
            let values = first..<first + range.count / format.bytesPerBlock * format.valuesPerBlock
            return try makeValues(values, of: scales, as: format, to: output)
        }
        file.withBytes { bytes in
            let tensor = UnsafeRawBufferPointer(rebasing: bytes[byteRange])
            switch rowOrder {
            case .asHuggingFace:
                copyBytes(of: tensor, range, to: output)
                file.release(UnsafeRawBufferPointer(rebasing: tensor[range]))
            case .rotaryPairs(let headCount):
                RotaryRows(rowCount: shape[0], headCount: headCount).copy(range, of: tensor, to: output)
                // Rows move inside their head, so that a part's pages are needed until the last part is read.
                if range.upperBound == tensor.count { file.release(tensor) }
            }
        }
    }
}

func copyBytes(of bytes: UnsafeRawBufferPointer, _ range: Range<Int>, to output: UnsafeMutableRawPointer) {
    guard let base = bytes.baseAddress else { return }
    output.copyMemory(from: base + range.lowerBound, byteCount: range.count)
}

/// The number of values in `shape`, or nil where a dimension is negative or the number passes 64 bits.
///
/// A dimension of zero does not excuse the others: their product must fit too, so that nobody's arithmetic on parts of
/// the shape can overflow.
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

/// Bytes of a tensor of `shape` in `format`, or nil where rows are not whole blocks or the size passes 64 bits.
func byteCount(ofShape shape: [Int], _ format: StorageFormat) -> Int? {
    let columns = shape.last ?? 1
    guard valueCount(ofShape: shape) != nil, let rowBytes = format.rowByteCount(columns: columns) else { return nil }
    return valueCount(ofShape: shape.dropLast() + [rowBytes])
}

extension StorageFormat {
    /// As GGUF and safetensors call it, for messages.
    var name: String { rawValue.uppercased() }
}
