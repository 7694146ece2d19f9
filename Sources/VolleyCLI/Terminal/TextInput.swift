import ArgumentParser
import Foundation

/// Text that a user gives by file or by pipe.
enum TextInput {
    /// The whole of standard input.
    static func standardInput(isCancelled: () -> Bool = { false }) throws -> String {
        let progress = Progress("reading standard input")
        defer { progress.end() }
        return try text(StandardInput.read(patience: nil, isCancelled: isCancelled) ?? Data())
    }

    /// Text that was piped in beside a prompt on the command line; nil where there is none.
    ///
    /// A program that starts another often leaves a pipe open to which it never writes: waiting for its end would be
    /// waiting for ever. So a pipe gets a few seconds for its first byte, and what is done without it is said. Another
    /// program may be reading a file line by line and start this one for each: the rest of such a file is left alone.
    static func besidePrompt(isCancelled: () -> Bool) throws -> String? {
        switch StandardInput.kind {
        case .terminal, .nothing: return nil
        case .file where StandardInput.isPartlyRead:
            StandardError.write("volley: standard input is a file that another program reads from; it is left alone\n")
            return nil
        case .file, .stream: break
        }
        guard let data = try StandardInput.read(patience: patience, isCancelled: isCancelled) else {
            StandardError.write(
                "volley: nothing came from standard input in \(Int(patience)) s, so the prompt is the argument alone; "
                    + "add < /dev/null not to wait\n")
            return nil
        }
        let text = try text(data)
        return text.isEmpty ? nil : text
    }

    /// Says that piped text is not read, where there is some.
    ///
    /// - Parameter reason: what is read in its place.
    static func noteUnread(_ reason: String) {
        guard StandardInput.hasWaitingText else { return }
        StandardError.write("volley: the text from standard input is not read: \(reason)\n")
    }

    /// Seconds for the first byte.
    private static let patience = 3.0

    static func file(_ path: String) throws -> String {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw StreamError.unreadable(
                path: path, reason: (error as NSError).localizedFailureReason ?? "\(error.localizedDescription)")
        }
        return try text(data)
    }

    private static func text(_ data: Data) throws -> String {
        guard let text = String(validating: data, as: UTF8.self) else {
            throw StreamError.inputNotUTF8(offset: firstInvalidByte(data))
        }
        return text
    }

    /// Bytes before the first that no UTF-8 text has there.
    private static func firstInvalidByte(_ data: Data) -> Int {
        var valid = 0
        var decoder = UTF8()
        var bytes = data.makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&bytes) { valid += UTF8.width(scalar) }
        return valid
    }
}
