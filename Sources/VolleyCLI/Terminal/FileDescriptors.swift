#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The width in columns of the terminal behind a descriptor; nil if it is not a terminal.
func columns(of descriptor: Int32) -> Int? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
}

/// Writes all of `text`. Returns the system's error number, or nil on success.
func writeAll(_ text: String, to descriptor: Int32) -> Int32? {
    var text = text
    return text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
}

/// Writes all bytes. Returns the system's error number, or nil on success.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32? {
    var written = 0
    while written < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
        let count = write(descriptor, rest.baseAddress, rest.count)
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

/// Waits until the descriptor can be read or written (`POLLIN`, `POLLOUT`). Returns false after the time limit.
///
/// - Parameter orEnded: whether a stream that has ended or failed counts as ready.
func waitUntilReady(_ descriptor: Int32, for event: Int32, milliseconds: Int32, orEnded: Bool = true) -> Bool {
    var state = pollfd(fd: descriptor, events: Int16(event), revents: 0)
    return poll(&state, 1, milliseconds) > 0 && (orEnded || state.revents & Int16(event) != 0)
}
