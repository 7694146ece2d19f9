#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Standard output, for results.
enum StandardOutput {
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// The terminal's width in columns; nil if standard output is not a terminal.
    static var width: Int? { columns(of: STDOUT_FILENO) }

    /// Writes all of `text`.
    ///
    /// - Throws: `StreamError.outputClosed` if the reader has closed the pipe, `StreamError.unwritable` with the system's reason.
    static func write(_ text: String) throws {
        switch writeAll(text, to: STDOUT_FILENO) {
        case nil: break
        case EPIPE?: throw StreamError.outputClosed
        case let error?:
            throw StreamError.unwritable(path: "standard output", reason: String(cString: strerror(error)))
        }
    }
}
