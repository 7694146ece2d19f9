#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

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
