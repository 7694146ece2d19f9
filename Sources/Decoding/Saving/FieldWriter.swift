/// Writes the fields of a section, little-endian. `FieldReader` reads them.
struct FieldWriter {
    private(set) var bytes: [UInt8] = []

    /// 8 bytes.
    mutating func append(_ value: Int) { bytes += littleEndianBytes(value) }

    /// Its length in bytes, and UTF-8.
    mutating func append(_ text: String) {
        append(text.utf8.count)
        bytes += text.utf8
    }

    /// Their number, and the values as in memory.
    mutating func append<T: BitwiseCopyable>(_ values: [T]) {
        append(values.count)
        values.withUnsafeBytes { bytes += $0 }
    }
}
