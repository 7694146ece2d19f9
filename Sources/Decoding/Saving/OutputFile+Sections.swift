import Foundation
import Weights

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension OutputFile {
    /// Writes a file under a temporary name in the same directory, and renames it to `path` when it is complete.
    ///
    /// - Parameter syncs: whether the file is on disk before the rename, so that it survives a loss of power.
    /// - Throws: `SessionFileError.unwritable`; no file is then left behind.
    static func replacing(
        _ path: String, syncs: Bool = true, _ body: (inout OutputFile) throws(CheckpointError) -> Void
    ) throws(SessionFileError) {
        let url = URL(fileURLWithPath: path)
        let name = ".\(url.lastPathComponent).partial-\(getpid())-\(UInt32.random(in: .min ... .max))"
        let partialPath = url.deletingLastPathComponent().appending(path: name).path
        do throws(CheckpointError) {
            // Only the owner may read conversations.
            var file = try OutputFile(path: partialPath, permissions: 0o600)
            try body(&file)
            try file.finish(syncs: syncs)
            guard rename(partialPath, path) == 0 else {
                throw .unwritable(path: path, reason: String(cString: strerror(errno)))
            }
        } catch {
            unlink(partialPath)
            guard case .unwritable(_, let reason) = error else {
                throw .unwritable(path: path, reason: error.description)
            }
            throw .unwritable(path: path, reason: reason)
        }
    }

    /// Writes 8 bytes of length, `bytes`, and 8 bytes of their checksum.
    mutating func write(section bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
        try write(littleEndianBytes(bytes.count))
        try write(bytes)
        try write(littleEndianBytes(Int(bitPattern: UInt(Checksum(of: bytes).value))))
    }

    mutating func write(section bytes: [UInt8]) throws(CheckpointError) {
        let problem = bytes.withUnsafeBytes { bytes -> CheckpointError? in
            do throws(CheckpointError) { try write(section: bytes) } catch { return error }
            return nil
        }
        if let problem { throw problem }
    }
}

func littleEndianBytes(_ value: Int) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
