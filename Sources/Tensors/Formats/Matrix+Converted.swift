import Dispatch
import Synchronization

extension Matrix {
    /// Converts the weights to another format, on all cores.
    ///
    /// - Precondition: `format` is one of `Quantizer.formats`.
    /// - Throws: if the columns do not fill blocks of `format`, or a block format would hold NaN or infinity.
    package func converted(to format: StorageFormat) throws(ConversionError) -> Matrix {
        guard let rowByteCount = format.rowByteCount(columns: columns) else { throw .notWholeBlocks }
        let buffer = AlignedBuffer<UInt8>(unfilledCount: rows * rowByteCount)
        let isFinite = Atomic(true)
        DispatchQueue.concurrentPerform(iterations: rows) { row in
            let values = AlignedBuffer<Float>(count: columns)
            copyRow(row, to: values.pointer)
            let floats = UnsafeBufferPointer(start: values.pointer, count: columns)
            guard format.valuesPerBlock == 1 || floats.allSatisfy(\.isFinite) else {
                return isFinite.store(false, ordering: .relaxed)
            }
            Quantizer.encode(floats, as: format, to: buffer.pointer + row * rowByteCount)
        }
        guard isFinite.load(ordering: .relaxed) else { throw .notFinite }
        return Matrix(
            rows: rows, columns: columns, format: format, bytes: UnsafeRawPointer(buffer.pointer), owner: buffer)
    }
}
