#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A shard open for reading at any offset, from any number of threads.
// Sendable: the descriptor is used only for positioned reads.
final class ShardFile: @unchecked Sendable {
    let path: String
    let shard: Manifest.Shard
    private let descriptor: Int32

    /// - Throws: `CheckpointError` if the file is missing, not a regular file, or not of the size in the manifest.
    init(directory: String, _ shard: Manifest.Shard) throws(CheckpointError) {
        path = joinedPath(directory, shard.name)
        self.shard = shard
        // From here on, deinit closes the descriptor, even if this initialiser throws.
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        guard descriptor >= 0 else {
            let isLink = errno == ELOOP
            throw .unreadable(path: path, reason: isLink ? "it is a link" : String(cString: strerror(errno)))
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(path: path, reason: "not a regular file")
        }
        guard Int(status.st_size) == shard.byteCount else {
            throw .damaged(
                path: path, place: "the whole file",
                problem: "has \(status.st_size) bytes, but the manifest says \(shard.byteCount)")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Fills `buffer` with the bytes from `offset` on.
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(CheckpointError) {
        var done = 0
        while done < buffer.count {
            let count = pread(
                descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw .unreadable(path: path, reason: count == 0 ? "it ends early" : String(cString: strerror(errno)))
            }
            done += count
        }
    }

    /// Reads `count` bytes at `offset`.
    func bytes(at offset: Int, count: Int) throws(CheckpointError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let problem = bytes.withUnsafeMutableBytes { buffer -> CheckpointError? in
            do throws(CheckpointError) { try read(at: offset, into: buffer) } catch { return error }
            return nil
        }
        if let problem { throw problem }
        return bytes
    }
}
