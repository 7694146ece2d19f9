#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The three standard streams.
enum StandardStreams {
    /// Opens closed streams on `/dev/null`, so that no file gets their descriptor: otherwise writing to standard output could
    /// write to that file. Closed streams stay unreadable or unwritable.
    static func fillClosed() {
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
            // open() returns the lowest free descriptor, which is this one.
            _ = open("/dev/null", descriptor == STDOUT_FILENO ? O_RDONLY : O_RDWR)
        }
    }
}
