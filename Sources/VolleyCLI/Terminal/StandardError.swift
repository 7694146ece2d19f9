#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Everything that is not a result: warnings, progress, statistics.
enum StandardError {
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// The terminal's columns; nil where it is none.
    static var width: Int? { columns(of: STDERR_FILENO) }

    static func write(_ text: String) { _ = writeAll(text, to: STDERR_FILENO) }

    /// One sentence about something that a user should know and that stops nothing.
    static func warn(_ sentence: String) { write("volley: \(sentence)\n") }
}
