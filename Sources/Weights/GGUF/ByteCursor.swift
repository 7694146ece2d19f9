/// Reads little-endian values from a mapped file in order, with bounds checks.
///
/// All reads of a GGUF header go through `take`.
struct ByteCursor {
    let file: MappedFile
    private(set) var offset: Int = 0

    init(_ file: MappedFile, at offset: Int = 0) {
        self.file = file
        self.offset = offset
    }

    var remaining: Int { file.bytes.count - offset }

    /// Advances by `byteCount` bytes and returns their range.
    /// - Throws: `CheckpointError.damaged` if the file ends before; `place` describes what was being read.
    mutating func take(_ byteCount: UInt64, _ place: @autoclosure () -> String) throws(CheckpointError) -> Range<Int> {
        guard byteCount <= UInt64(remaining) else {
            throw .damaged(
                path: file.path, place: place(),
                problem: "needs \(byteCount) bytes at offset \(offset), but the file has only \(remaining) more")
        }
        let start = offset
        offset += Int(byteCount)
        return start..<offset
    }

    mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type, _ place: @autoclosure () -> String
    ) throws(CheckpointError) -> T {
        let range = try take(UInt64(MemoryLayout<T>.size), place())
        return file.withBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: range.lowerBound, as: T.self)) }
    }

    /// Advances over a string (64-bit length, bytes) and returns the range of its bytes.
    mutating func string(_ place: @autoclosure () -> String) throws(CheckpointError) -> Range<Int> {
        let length = try integer(UInt64.self, place())
        return try take(length, place())
    }

    /// Reads a name, which must be UTF-8.
    mutating func name(_ place: @autoclosure () -> String) throws(CheckpointError) -> String {
        let range = try string(place())
        guard let name = String(validating: file.copy(range), as: UTF8.self) else {
            throw .damaged(
                path: file.path, place: place(), problem: "the name at offset \(range.lowerBound) is not UTF-8")
        }
        return name
    }
}
