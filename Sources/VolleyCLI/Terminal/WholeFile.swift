import Foundation

/// Writes files atomically: under a temporary name first, so that there is never half a file.
enum WholeFile {
    /// Writes `data` to a file. A device or a pipe, such as `/dev/stdout`, is written to directly.
    ///
    /// - Throws: `StreamError.unwritable` with the system's reason.
    static func write(_ data: Data, to path: String) throws {
        var status = stat()
        let isThere = stat(path, &status) == 0
        if isThere, status.st_mode & S_IFMT != S_IFREG {
            try write(data, to: path, O_WRONLY, namedAs: path)
            return
        }
        // Replaces the target of a link, not the link.
        let target = isThere ? URL(fileURLWithPath: path).resolvingSymlinksInPath().path : path
        let temporary = "\(target).\(getpid()).part"
        do {
            try write(data, to: temporary, O_WRONLY | O_CREAT | O_EXCL, namedAs: path)
            if isThere { chmod(temporary, status.st_mode & 0o7777) }
            guard rename(temporary, target) == 0 else { throw failure(path) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    private static func write(_ data: Data, to path: String, _ flags: Int32, namedAs name: String) throws {
        let descriptor = open(path, flags | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure(name) }
        let problem = data.withUnsafeBytes { writeAll($0, to: descriptor) }
        guard close(descriptor) == 0, problem == nil else { throw failure(name, problem ?? errno) }
    }

    private static func failure(_ path: String, _ number: Int32 = errno) -> StreamError {
        .unwritable(path: path, reason: String(cString: strerror(number)))
    }
}
