import ArgumentParser
import Foundation
import Volley

/// Standard input.
enum StandardInput {
    /// Kinds of standard input.
    enum Kind {
        case terminal
        /// A pipe or a socket.
        case stream
        case file
        /// A device such as `/dev/null`, or closed.
        case nothing
    }

    static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    static var kind: Kind {
        var status = stat()
        guard fstat(STDIN_FILENO, &status) == 0 else { return .nothing }
        if isTerminal { return .terminal }
        switch status.st_mode & S_IFMT {
        case S_IFIFO, S_IFSOCK: return .stream
        case S_IFREG: return .file
        default: return .nothing
        }
    }

    /// Whether standard input is a file of which another program has read a part.
    static var isPartlyRead: Bool {
        var status = stat()
        let offset = lseek(STDIN_FILENO, 0, SEEK_CUR)
        return offset > 0 && fstat(STDIN_FILENO, &status) == 0 && offset < status.st_size
    }

    /// Whether standard input has text that can be read without waiting.
    static var hasWaitingText: Bool {
        var status = stat()
        guard fstat(STDIN_FILENO, &status) == 0 else { return false }
        switch status.st_mode & S_IFMT {
        case S_IFIFO: return waitUntilReady(STDIN_FILENO, for: POLLIN, milliseconds: 0, orEnded: false)
        case S_IFREG: return status.st_size > 0 && lseek(STDIN_FILENO, 0, SEEK_CUR) == 0
        default: return false
        }
    }

    /// The maximum size of a text, far above any context.
    private static let byteLimit = 100_000_000

    /// Reads everything up to the end.
    ///
    /// - Parameters:
    ///   - patience: seconds to wait for the first byte; nil waits forever.
    ///   - isCancelled: called ten times a second.
    /// - Returns: the data, or nil if no byte came in time.
    /// - Throws: `StreamError`; `ExitCode` if cancelled.
    static func read(patience: Double?, isCancelled: () -> Bool) throws -> Data? {
        let start = ContinuousClock.now
        var data = Data()
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            guard waitUntilReady(STDIN_FILENO, for: POLLIN, milliseconds: 100) else {
                if let patience, data.isEmpty, (ContinuousClock.now - start).seconds >= patience { return nil }
                if isCancelled() { throw ExitCode(130) }
                continue
            }
            let count = systemRead(STDIN_FILENO, &chunk, chunk.count)
            if isCancelled() { throw ExitCode(130) }
            if count == 0 { return data }
            guard count > 0 else {
                if errno == EINTR || errno == EAGAIN { continue }
                throw StreamError.unreadable(path: "standard input", reason: String(cString: strerror(errno)))
            }
            data.append(contentsOf: chunk.prefix(count))
            guard data.count <= byteLimit else { throw StreamError.inputTooLong(byteLimit: byteLimit) }
        }
    }
}

/// `read(2)`, which the enum's own `read` would hide.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}
