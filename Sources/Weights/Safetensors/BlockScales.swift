import JSON
import Tensors

/// The scales of an e4m3 matrix in a mapped file, one per block of rows and columns.
struct BlockScales: Sendable {
    /// Name of the matrix, for messages.
    let name: String
    let file: MappedFile
    /// Range in `file.bytes`, row-major.
    let byteRange: Range<Int>
    /// An unquantised format.
    let format: StorageFormat
    let blockRows: Int
    let blockColumns: Int
    /// Number of blocks per row.
    let columnCount: Int

    /// The scale of the block with this row and column.
    fileprivate func scale(row: Int, column: Int) -> Float {
        let index = row / blockRows * columnCount + column / blockColumns
        var value: Float = 0
        file.withBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            Quantizer.decode(
                base + byteRange.lowerBound + index * format.bytesPerBlock, as: format, count: 1, to: &value)
        }
        return value
    }
}

extension TensorLocation {
    /// Values per step: whole blocks of every format, few enough for the L1 cache.
    private static let chunk = 4096

    /// Converts the values in `range` from e4m3 with scales to `format`. `range` covers whole blocks of it.
    ///
    /// - Throws: `CheckpointError.damaged` if a value is not finite; e4m3 has a code for NaN.
    func dequantize(
        _ range: Range<Int>, of scales: BlockScales, as format: StorageFormat, to output: UnsafeMutableRawPointer
    ) throws(CheckpointError) {
        let values = AlignedBuffer<Float>(unfilledCount: min(range.count, Self.chunk))
        for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.chunk) {
            let part = start..<min(start + Self.chunk, range.upperBound)
            fill(values.pointer, part, scales)
            let floats = UnsafeBufferPointer(start: values.pointer, count: part.count)
            guard floats.allSatisfy(\.isFinite) else {
                throw notFinite(part.lowerBound + (floats.firstIndex { !$0.isFinite } ?? 0), scales)
            }
            let offset = (start - range.lowerBound) / format.valuesPerBlock * format.bytesPerBlock
            Quantizer.encode(floats, as: format, to: output + offset)
        }
        let codes = byteRange.lowerBound + range.lowerBound..<byteRange.lowerBound + range.upperBound
        file.withBytes { file.release(UnsafeRawBufferPointer(rebasing: $0[codes])) }
    }

    private func fill(_ values: UnsafeMutablePointer<Float>, _ range: Range<Int>, _ scales: BlockScales) {
        let columns = shape[1]
        file.withBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            let codes = (base + byteRange.lowerBound).assumingMemoryBound(to: UInt8.self)
            var position = range.lowerBound
            while position < range.upperBound {
                let (row, column) = position.quotientAndRemainder(dividingBy: columns)
                // Up to the end of the block, the row or the range.
                let width = min(scales.blockColumns - column % scales.blockColumns, columns - column)
                let count = min(width, range.upperBound - position)
                E4M3.decode(
                    codes + position, count: count, scale: scales.scale(row: row, column: column),
                    to: values + (position - range.lowerBound))
                position += count
            }
        }
    }

    private func notFinite(_ position: Int, _ scales: BlockScales) -> CheckpointError {
        let (row, column) = position.quotientAndRemainder(dividingBy: shape[1])
        let code = file.withBytes { $0[byteRange.lowerBound + position] }
        let problem =
            E4M3.isNaN(code)
            ? "its value [\(row), \(column)] is NaN"
            : "its value [\(row), \(column)] is not finite: the block's scale is \(scales.scale(row: row, column: column))"
        return .damaged(path: file.path, place: "tensor \(quoted(scales.name))", problem: problem)
    }
}
