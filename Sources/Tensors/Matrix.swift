import CKernels
import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Stored weights, [rows, columns], in their file's format; rows contiguous, any alignment.
// Sendable: the bytes are immutable for as long as `owner` lives.
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

    /// Whether both hold the same values, stored in the same way.
    package func hasSameBytes(as other: Matrix) -> Bool {
        (rows, columns, format) == (other.rows, other.columns, other.format)
            && memcmp(bytes, other.bytes, byteCount) == 0
    }

    /// One row as float32, exactly: [columns].
    package func copyRow(_ row: Int, to output: UnsafeMutablePointer<Float>) {
        precondition((0..<rows).contains(row), "row \(row) of \(rows)")
        volley_dequantize(
            InstructionSet.best.kernels, format.kernelFormat, output, bytes + row * rowByteCount, columns)
    }
}

/// Why a matrix cannot be put into another format.
package enum ConversionError: Error, Equatable {
    case notWholeBlocks
    case notFinite
}

extension Matrix {
    /// The same weights in another format, converted by all cores.
    ///
    /// - Precondition: `format` is one of `Quantizer.formats`.
    /// - Throws: where rows would not be whole blocks, or a block format were to hold what is not finite.
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

extension StorageFormat {
    /// The kernels' name for the format.
    package var kernelFormat: volley_format {
        switch self {
        case .f32: VOLLEY_F32
        case .bf16: VOLLEY_BF16
        case .f16: VOLLEY_F16
        case .q8_0: VOLLEY_Q8_0
        case .q4_0: VOLLEY_Q4_0
        case .q4_1: VOLLEY_Q4_1
        case .q5_0: VOLLEY_Q5_0
        case .q5_1: VOLLEY_Q5_1
        case .iq4_nl: VOLLEY_IQ4_NL
        case .q2_K: VOLLEY_Q2_K
        case .q3_K: VOLLEY_Q3_K
        case .q4_K: VOLLEY_Q4_K
        case .q5_K: VOLLEY_Q5_K
        case .q6_K: VOLLEY_Q6_K
        case .iq4_xs: VOLLEY_IQ4_XS
        }
    }

    /// Whether kernels multiply it in panels, with rounded activations.
    var roundsActivations: Bool { valuesPerBlock > 1 }
}
