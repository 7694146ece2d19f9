#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a user pipes in.
enum StandardInput {
    static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 }
}

/// Results: everything that a user may want to pipe.
enum StandardOutput {
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// The terminal's columns; nil where it is none.
    static var width: Int? { columns(of: STDOUT_FILENO) }

    /// Writes all of `text` at once.
    ///
    /// - Throws: `StreamError.outputClosed` when nobody reads any more.
    static func write(_ text: String) throws {
        guard writeAll(text, to: STDOUT_FILENO) else { throw StreamError.outputClosed }
    }
}

/// Everything that is not a result: warnings, progress, statistics.
enum StandardError {
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// The terminal's columns; nil where it is none.
    static var width: Int? { columns(of: STDERR_FILENO) }

    static func write(_ text: String) { _ = writeAll(text, to: STDERR_FILENO) }

    /// One sentence about something that a user should know and that stops nothing.
    static func warn(_ sentence: String) { write("volley: \(sentence)\n") }
}

private func columns(of descriptor: Int32) -> Int? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
}

private func writeAll(_ text: String, to descriptor: Int32) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[written...])
            let count = systemWrite(descriptor, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return false }
            written += count
        }
        return true
    }
}

/// `write(2)`, which the enums' own `write` would hide.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}

/// A standard stream that failed, in one sentence.
enum StreamError: Error, CustomStringConvertible {
    case outputClosed
    case inputNotUTF8(offset: Int)
    case lineNotUTF8
    case badChat(path: String)
    case unreadable(path: String, reason: String)
    case unwritable(path: String, reason: String)

    var description: String {
        switch self {
        case .outputClosed: "standard output was closed before everything was written"
        case .inputNotUTF8(let offset): "the input is not UTF-8 (byte \(offset)); give text in UTF-8"
        case .lineNotUTF8: "the line is not UTF-8; give text in UTF-8"
        case .badChat(let path):
            "\(path) is not a chat; give JSON with messages, each with a role and a content"
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .unwritable(let path, let reason): "cannot write \(path): \(reason)"
        }
    }
}
