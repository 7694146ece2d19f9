#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Standard error, for warnings, progress and statistics.
enum StandardError {
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// The terminal's width in columns; nil if standard error is not a terminal.
    static var width: Int? { columns(of: STDERR_FILENO) }

    static func write(_ text: String) { _ = writeAll(text, to: STDERR_FILENO) }

    /// Prints a warning of one sentence.
    static func warn(_ sentence: String) { write("volley: \(sentence)\n") }
}
