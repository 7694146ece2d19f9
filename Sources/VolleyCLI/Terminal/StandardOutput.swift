#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Results: everything that a user may want to pipe.
enum StandardOutput {
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// The terminal's columns; nil where it is none.
    static var width: Int? { columns(of: STDOUT_FILENO) }

    /// Writes all of `text` at once.
    ///
    /// - Throws: `StreamError.outputClosed` when nobody reads any more, `StreamError.unwritable` with the system's reason.
    static func write(_ text: String) throws {
        switch writeAll(text, to: STDOUT_FILENO) {
        case nil: break
        case EPIPE?: throw StreamError.outputClosed
        case let error?:
            throw StreamError.unwritable(path: "standard output", reason: String(cString: strerror(error)))
        }
    }
}
