import Weights

/// Reads what `FieldWriter` wrote. It checks every size before using it.
struct FieldReader {
    private var rest: UnsafeRawBufferPointer

    /// - Parameter bytes: must outlive the reader.
    init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

    mutating func int() throws(Damage) -> Int {
        Int(littleEndian: try take(8).loadUnaligned(as: Int.self))
    }

    mutating func text() throws(Damage) -> String {
        let count = try int()
        guard let text = String(validating: try take(count), as: UTF8.self) else { throw Damage("a text is not UTF-8") }
        return text
    }

    mutating func values<T: BitwiseCopyable>(of type: T.Type) throws(Damage) -> [T] {
        let count = try int()
        let (byteCount, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<T>.stride)
        guard !overflow else { throw Damage("a list of \(count) values is longer than the file") }
        let bytes = try take(byteCount)
        // The standard library would write to the one empty array that all threads share.
        guard count > 0 else { return [] }
        return Array(unsafeUninitializedCapacity: count) { buffer, initialized in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
            initialized = count
        }
    }

    /// - Throws: if bytes are left.
    func end() throws(Damage) {
        guard rest.isEmpty else { throw Damage("a part of it is \(rest.count) bytes too long") }
    }

    /// The next `count` bytes.
    mutating func take(_ count: Int) throws(Damage) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= rest.count else { throw Damage("it ends early") }
        defer { rest = UnsafeRawBufferPointer(rebasing: rest[count...]) }
        return UnsafeRawBufferPointer(rebasing: rest[..<count])
    }

    /// The bytes of the next section, after comparing its checksum.
    mutating func section() throws(Damage) -> UnsafeRawBufferPointer {
        let bytes = try take(try int())
        guard UInt64(bitPattern: Int64(try int())) == Checksum(of: bytes).value else {
            throw Damage("a part of it does not have its checksum")
        }
        return bytes
    }
}

/// A fault in a saved session, without the file's name.
struct Damage: Error {
    let problem: String

    init(_ problem: String) { self.problem = problem }
}
