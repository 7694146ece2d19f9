#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file mapped read-only into memory, for as long as this object lives.
///
/// Opening reads nothing: pages come from the disk when they are touched, and the system may drop them again. The file
/// must not be shortened meanwhile; the system ends a program that touches a page which no longer exists.
// Sendable: the mapping is read-only and `bytes` never changes between init and deinit.
package final class MappedFile: @unchecked Sendable {
    /// As given to `init`.
    package let path: String
    /// The whole file; empty for an empty file. Valid only while this object lives: who reads goes through `withBytes`,
    /// who keeps the pointer keeps the object beside it.
    package let bytes: UnsafeRawBufferPointer

    /// Maps the regular file (or the link to one) at `path`.
    /// - Throws: `CheckpointError.unreadable` with the system's reason.
    package init(path: String) throws(CheckpointError) {
        // O_NONBLOCK, because opening a pipe would otherwise wait for its writer.
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
        // The last use of a variable can end its object's life, even while a pointer from it is in use.
        defer { withExtendedLifetime(self) {} }
        return try body(bytes)
    }

    /// A copy of some of the bytes.
    /// - Precondition: `range` is inside the file.
    package func copy(_ range: Range<Int>) -> [UInt8] { withBytes { Array($0[range]) } }

    /// Lets the system take back the memory of `part`'s pages; they come from the disk again when they are touched.
    /// For files that are read once from end to end, and may be larger than memory.
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

/// What the file system has at a path.
package enum PathKind: Sendable {
    case directory, file, nothing

    /// Follows links.
    package init(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            self = .nothing
            return
        }
        self = status.st_mode & S_IFMT == S_IFDIR ? .directory : .file
    }
}
