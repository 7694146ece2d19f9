#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A new file, written sequentially.
package struct OutputFile: ~Copyable {
    let path: String
    private(set) var byteCount = 0
    private let descriptor: Int32

    /// - Parameter permissions: who may read and write it, before the process's mask.
    /// - Throws: `CheckpointError.unwritable`, also if the file exists.
    package init(path: String, permissions: mode_t = 0o644) throws(CheckpointError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions)
        guard descriptor >= 0 else { throw .unwritable(path: path, reason: String(cString: strerror(errno))) }
    }

    deinit { close(descriptor) }

    package mutating func write(_ bytes: [UInt8]) throws(CheckpointError) {
        let problem = bytes.withUnsafeBytes { bytes -> CheckpointError? in
            do throws(CheckpointError) { try write(bytes) } catch { return error }
            return nil
        }
        if let problem { throw problem }
    }

    package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
        var done = 0
        while done < bytes.count {
            let count = Self.write(descriptor, bytes, from: done)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .unwritable(path: path, reason: String(cString: strerror(errno))) }
            done += count
        }
        byteCount += bytes.count
    }

    /// Closes the file.
    ///
    /// - Parameter syncs: whether to flush it to disk first.
    package consuming func finish(syncs: Bool = true) throws(CheckpointError) {
        guard !syncs || fsync(descriptor) == 0 else {
            throw .unwritable(path: path, reason: String(cString: strerror(errno)))
        }
    }

    private static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        #if canImport(Darwin)
            Darwin.write(descriptor, bytes.baseAddress.map { $0 + start }, bytes.count - start)
        #elseif canImport(Musl)
            Musl.write(descriptor, bytes.baseAddress.map { $0 + start }, bytes.count - start)
        #else
            Glibc.write(descriptor, bytes.baseAddress.map { $0 + start }, bytes.count - start)
        #endif
    }
}
