import Foundation
import Weights

/// One chunk on disk: the keys and values of some tokens of a prompt.
///
/// The file begins with `VOLLEYPC` and a version. Sections follow, each between its length and its checksum; all numbers are
/// little-endian:
/// - the prefix that ends with the chunk, and the number of bytes of keys and values;
/// - these, in LZ4 frames of 4 MiB: of the trunk's ring, then of the head's, in the order of `KVRing.forEachPart`.
enum ChunkFile {
    static let suffix = ".kv"
    private static let magic = Array("VOLLEYPC".utf8)
    private static let version = 1

    /// Writes a chunk under a temporary name, and renames it when it is complete.
    static func write(
        _ prefix: ChunkPrefix, _ content: UnsafeRawBufferPointer, to path: String
    ) throws(SessionFileError) {
        // The checksums find what a loss of power leaves behind, so nothing waits for the disk.
        try OutputFile.replacing(path, syncs: false) { file throws(CheckpointError) in
            try file.write(magic + littleEndianBytes(version))
            try file.write(section: header(prefix, byteCount: content.count))
            for start in stride(from: 0, to: content.count, by: LZ4Frame.storedBlockCount) {
                let end = min(start + LZ4Frame.storedBlockCount, content.count)
                try file.write(
                    section: LZ4Frame.compressed(UnsafeRawBufferPointer(rebasing: content[start..<end]), .fast))
            }
        }
    }

    private static func header(_ prefix: ChunkPrefix, byteCount: Int) -> [UInt8] {
        var writer = FieldWriter()
        prefix.context.write(to: &writer)
        writer.append(prefix.start)
        writer.append(prefix.tokens)
        writer.append(prefix.fed)
        writer.append(byteCount)
        return writer.bytes
    }

    /// A chunk's prefix and the number of bytes of its keys and values.
    struct Header {
        let prefix: ChunkPrefix
        let byteCount: Int

        fileprivate init(_ reader: inout FieldReader) throws(Damage) {
            let context = try ChunkContext(&reader)
            let start = try reader.int()
            let tokens = try reader.values(of: UInt32.self)
            let fed = try reader.values(of: UInt8.self)
            byteCount = try reader.int()
            guard tokens.count == fed.count, (0..<tokens.count).contains(start) else {
                throw Damage("its tokens are impossible")
            }
            prefix = ChunkPrefix(context: context, start: start, tokens: tokens, fed: fed)
            try reader.end()
        }
    }

    /// Reads a chunk and checks all of it. Returns what is wrong with it, or nil.
    ///
    /// - Parameter buffer: given the header, returns the memory for keys and values, or nil if the chunk is not the one wanted.
    static func problem(
        _ bytes: UnsafeRawBufferPointer, reading buffer: (Header) -> UnsafeMutableRawBufferPointer?
    ) -> String? {
        do throws(Damage) {
            try read(bytes, into: buffer)
            return nil
        } catch {
            return error.problem
        }
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer, into buffer: (Header) -> UnsafeMutableRawBufferPointer?
    ) throws(Damage) {
        var reader = try begin(bytes)
        var section = FieldReader(try reader.section())
        let header = try Header(&section)
        guard let content = buffer(header), content.count == header.byteCount else {
            throw Damage("it is not the chunk that its name says")
        }
        let decoder = LZ4Decoder()
        for start in stride(from: 0, to: content.count, by: LZ4Frame.storedBlockCount) {
            let end = min(start + LZ4Frame.storedBlockCount, content.count)
            let part = UnsafeMutableRawBufferPointer(rebasing: content[start..<end])
            // The section's checksum covers the frame.
            if let problem = decoder.decode(try reader.section(), into: part, checksContent: false) {
                throw Damage("a frame of it \(problem)")
            }
        }
        try reader.end()
    }

    /// Reads the prefix alone, from the file's first bytes.
    static func header(of path: String) -> Header? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        guard let start = try? file.read(upToCount: magic.count + 16), start.count == magic.count + 16 else {
            return nil
        }
        let count = start.suffix(8).withUnsafeBytes { Int(littleEndian: $0.loadUnaligned(as: Int.self)) }
        guard (0...1 << 28).contains(count), let rest = try? file.read(upToCount: count + 8) else { return nil }
        return (start + rest).withUnsafeBytes { bytes in
            do throws(Damage) {
                var reader = try begin(bytes)
                var section = FieldReader(try reader.section())
                return try Header(&section)
            } catch {
                return nil
            }
        }
    }

    private static func begin(_ bytes: UnsafeRawBufferPointer) throws(Damage) -> FieldReader {
        guard bytes.starts(with: magic) else { throw Damage("it is no chunk of a prompt cache") }
        var reader = FieldReader(UnsafeRawBufferPointer(rebasing: bytes[magic.count...]))
        guard try reader.int() == version else { throw Damage("it has another version of the format") }
        return reader
    }
}
