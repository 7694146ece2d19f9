/// How the values of a stored tensor are laid out in memory.
///
/// The block layouts are GGUF's, bit for bit (ggml `ggml-common.h`): a block holds `valuesPerBlock` consecutive
/// values of one row, little-endian.
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

    /// Values in one block; 1 for the plain formats.
    public var valuesPerBlock: Int {
        switch self {
        case .f32, .bf16, .f16: 1
        case .q8_0, .q4_0, .q4_1: 32
        }
    }

    /// Bytes of one block.
    public var bytesPerBlock: Int {
        switch self {
        case .f32: 4
        case .bf16, .f16: 2
        case .q8_0: 34
        case .q4_0: 18
        case .q4_1: 20
        }
    }

    /// Bytes of one row of `columns` values, or nil where a row would not be whole blocks or the size overflows.
    public func rowByteCount(columns: Int) -> Int? {
        guard columns >= 0, columns.isMultiple(of: valuesPerBlock) else { return nil }
        let (bytes, overflow) = (columns / valuesPerBlock).multipliedReportingOverflow(by: bytesPerBlock)
        return overflow ? nil : bytes
    }
}
