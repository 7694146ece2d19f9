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

/// Everything that is not a result: warnings, progress, statistics.
enum StandardError {
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// The terminal's columns; nil where it is none.
    static var width: Int? { columns(of: STDERR_FILENO) }

    static func write(_ text: String) { _ = writeAll(text, to: STDERR_FILENO) }

    /// One sentence about something that a user should know and that stops nothing.
    static func warn(_ sentence: String) { write("volley: \(sentence)\n") }
}

/// The three streams as a program expects them.
enum StandardStreams {
    /// Opens those that are closed, so that no file gets one of their numbers: writing to standard output would write to
    /// that file. What was closed stays unreadable or unwritable.
    static func fillClosed() {
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free number, which is this one.
            _ = open("/dev/null", descriptor == STDOUT_FILENO ? O_RDONLY : O_RDWR)
        }
    }
}

private func columns(of descriptor: Int32) -> Int? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
}

/// Returns the system's error number; nil where all was written.
private func writeAll(_ text: String, to descriptor: Int32) -> Int32? {
    var text = text
    return text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
}

/// Returns the system's error number; nil where all was written.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32? {
    var written = 0
    while written < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
        let count = systemWrite(descriptor, rest.baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        if count < 0, errno == EAGAIN {
            _ = waitUntilReady(descriptor, for: POLLOUT, milliseconds: 1000)
            continue
        }
        guard count > 0 else { return errno }
        written += count
    }
    return nil
}

/// `write(2)`, which the enums' own `write` would hide.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}

/// Whether the descriptor can be read or written (`POLLIN`, `POLLOUT`) within some time.
///
/// - Parameter orEnded: whether one that has ended or failed counts too.
func waitUntilReady(_ descriptor: Int32, for event: Int32, milliseconds: Int32, orEnded: Bool = true) -> Bool {
    var state = pollfd(fd: descriptor, events: Int16(event), revents: 0)
    return poll(&state, 1, milliseconds) > 0 && (orEnded || state.revents & Int16(event) != 0)
}

/// A standard stream that failed, in one sentence.
enum StreamError: Error, CustomStringConvertible {
    /// Nobody reads standard output any more, as after `| head`.
    case outputClosed
    case inputNotUTF8(offset: Int)
    case inputTooLong(byteLimit: Int)
    case lineNotUTF8
    case badChat(path: String, problem: String)
    case unreadable(path: String, reason: String)
    case unwritable(path: String, reason: String)

    var description: String {
        switch self {
        case .outputClosed: "standard output was closed before everything was written"
        case .inputNotUTF8(let offset): "the input is not UTF-8 (byte \(offset)); give text in UTF-8"
        case .inputTooLong(let limit): "standard input holds more than \(limit) bytes; give less text"
        case .lineNotUTF8: "the line is not UTF-8; give text in UTF-8"
        case .badChat(let path, let problem): "\(path) is not a chat: \(problem)"
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .unwritable(let path, let reason): "cannot write \(path): \(reason)"
        }
    }
}
