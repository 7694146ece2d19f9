#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file mapped read-only into memory for the lifetime of this object.
///
/// Opening reads nothing: pages are loaded on first access, and the system may evict them. The file must not be
/// truncated meanwhile, because accessing a missing page ends the program.
// Sendable: the mapping is read-only and `bytes` never changes between init and deinit.
package final class MappedFile: @unchecked Sendable {
    /// The path given to `init`.
    package let path: String
    /// The whole file. Valid only while this object lives: read through `withBytes`, or keep the object beside the
    /// pointer.
    package let bytes: UnsafeRawBufferPointer

    /// Maps the regular file at `path`. Follows links.
    /// - Throws: `CheckpointError.unreadable` with the system's reason.
    package init(path: String) throws(CheckpointError) {
        // O_NONBLOCK: opening a pipe would otherwise wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: Self.systemReason()) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(path: path, reason: Self.systemReason()) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(path: path, reason: "not a regular file") }
        self.path = path
        guard status.st_size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let byteCount = Int(status.st_size)
        guard let base = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw .unreadable(path: path, reason: Self.systemReason())
        }
        bytes = UnsafeRawBufferPointer(start: base, count: byteCount)
        try LFSPointer.refuse(bytes, path: path)
    }

    /// Calls `body` with the whole file.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // An object can be released after its last use, even while a pointer from it is in use.
        defer { withExtendedLifetime(self) {} }
        return try body(bytes)
    }

    /// Copies a range of bytes.
    /// - Precondition: `range` is within the file.
    package func copy(_ range: Range<Int>) -> [UInt8] { withBytes { Array($0[range]) } }

    /// Allows the system to evict the pages of `part`. They are reloaded when accessed again. For files that are read
    /// once, in order, and may be larger than memory.
    func release(_ part: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, let start = part.baseAddress else { return }
        let page = Int(getpagesize())
        let first = (start - base) / page * page
        madvise(
            UnsafeMutableRawPointer(mutating: base + first), start - base + part.count - first, Int32(MADV_DONTNEED))
    }

    deinit {
        if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
    }

    private static func systemReason() -> String { String(cString: strerror(errno)) }
}

/// The kind of object at a path.
package enum PathKind: Sendable {
    case directory, file, nothing

    /// Looks up the kind. Follows links.
    package init(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            self = .nothing
            return
        }
        self = status.st_mode & S_IFMT == S_IFDIR ? .directory : .file
    }
}
