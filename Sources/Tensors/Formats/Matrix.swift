import CKernels

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Stored weights, [rows, columns], in their file's format. Rows are contiguous, with any alignment.
// Sendable: the bytes never change, and `owner` keeps them alive.
package struct Matrix: @unchecked Sendable {
    package let rows: Int
    package let columns: Int
    package let format: StorageFormat
    package let bytes: UnsafeRawPointer
    let owner: any AnyObject & Sendable

    /// - Parameters:
    ///   - bytes: `rows` rows of `format.rowByteCount(columns:)` bytes.
    ///   - owner: keeps `bytes` alive.
    /// - Precondition: `columns` is a multiple of the format's block.
    package init(
        rows: Int, columns: Int, format: StorageFormat, bytes: UnsafeRawPointer, owner: any AnyObject & Sendable
    ) {
        precondition(format.rowByteCount(columns: columns) != nil, "\(columns) columns do not fill \(format) blocks")
        self.rows = rows
        self.columns = columns
        self.format = format
        self.bytes = bytes
        self.owner = owner
    }

    package var rowByteCount: Int { columns / format.valuesPerBlock * format.bytesPerBlock }
    package var byteCount: Int { rows * rowByteCount }

    /// Whether both have the same shape, format and bytes.
    package func hasSameBytes(as other: Matrix) -> Bool {
        (rows, columns, format) == (other.rows, other.columns, other.format)
            && memcmp(bytes, other.bytes, byteCount) == 0
    }

    /// Converts one row to float32, exactly: [columns].
    package func copyRow(_ row: Int, to output: UnsafeMutablePointer<Float>) {
        precondition((0..<rows).contains(row), "row \(row) of \(rows)")
        volley_dequantize(
            InstructionSet.best.kernels, format.kernelFormat, output, bytes + row * rowByteCount, columns)
    }
}
