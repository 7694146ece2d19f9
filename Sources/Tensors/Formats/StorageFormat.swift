import CKernels

/// The memory layout of a stored tensor's values.
///
/// Block layouts are GGUF's, bit for bit (`ggml-common.h`): a block holds `valuesPerBlock` consecutive values of one
/// row, little-endian.
public enum StorageFormat: String, Sendable, BitwiseCopyable, Hashable, CaseIterable, Codable {
    /// IEEE 754 binary32.
    case f32
    /// The upper half of a binary32.
    case bf16
    /// IEEE 754 binary16.
    case f16
    /// f16 scale d, 32 int8 q: value = d·q.
    case q8_0
    /// f16 scale d, 16 bytes of nibbles q (low nibbles first): value = d·(q − 8).
    case q4_0
    /// f16 scale d, f16 minimum m, 16 bytes of nibbles q (low nibbles first): value = d·q + m.
    case q4_1
    /// f16 scale d, 32 fifth bits, 16 bytes of nibbles: value = d·(q − 16).
    case q5_0
    /// f16 scale d, f16 minimum m, 32 fifth bits, 16 bytes of nibbles: value = d·q + m.
    case q5_1
    /// f16 scale d, 16 bytes of nibbles q (low nibbles first): value = d·t[q], with a table t of 16 integers from −127
    /// to 113.
    case iq4_nl
    /// 256 values: sixteen bytes of 4-bit scales s (low) and minimums m, 64 bytes of 2-bit q, f16 d and dmin:
    /// value = d·s·q − dmin·m.
    case q2_K
    /// 256 values: 3-bit q in 32 + 64 bytes, sixteen 6-bit scales s, f16 d: value = d·(s − 32)·(q − 4).
    case q3_K
    /// 256 values: f16 d and dmin, eight 6-bit scales s and minimums m, 128 bytes of nibbles: value = d·s·q − dmin·m.
    case q4_K
    /// As q4_K, with 256 fifth bits before the nibbles.
    case q5_K
    /// 256 values: 6-bit q in 128 + 64 bytes, sixteen int8 scales s, f16 d: value = d·s·(q − 32).
    case q6_K
    /// 256 values: f16 d, eight 6-bit scales s, 128 bytes of nibbles q: value = d·(s − 32)·t[q], t as in iq4_nl.
    case iq4_xs

    /// Values in one block; 1 for float formats.
    public var valuesPerBlock: Int { volley_values_per_block(kernelFormat) }

    /// Bytes of one block.
    public var bytesPerBlock: Int { volley_bytes_per_block(kernelFormat) }

    /// Bytes of one row of `columns` values; nil if they do not fill blocks or the size overflows.
    public func rowByteCount(columns: Int) -> Int? {
        guard columns >= 0, columns.isMultiple(of: valuesPerBlock) else { return nil }
        let (bytes, overflow) = (columns / valuesPerBlock).multipliedReportingOverflow(by: bytesPerBlock)
        return overflow ? nil : bytes
    }
}
