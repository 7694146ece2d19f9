import ArgumentParser
import Foundation

/// Text from files and from standard input.
enum TextInput {
    /// The whole of standard input.
    static func standardInput(isCancelled: () -> Bool = { false }) throws -> String {
        let progress = Progress("reading standard input")
        defer { progress.end() }
        return try text(StandardInput.read(patience: nil, isCancelled: isCancelled) ?? Data())
    }

    /// Text piped in addition to a prompt on the command line; nil if there is none.
    ///
    /// A parent process may leave a pipe open and never write to it. So a pipe has a few seconds for its first byte; after that
    /// the command continues without it, with a message. A file that another program reads line by line, starting this one for
    /// each line, is not read.
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

    /// Prints a message if there is piped text, which is not read.
    ///
    /// - Parameter reason: why it is not read.
    static func noteUnread(_ reason: String) {
        guard StandardInput.hasWaitingText else { return }
        StandardError.write("volley: the text from standard input is not read: \(reason)\n")
    }

    /// Seconds to wait for the first byte.
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

    /// The offset of the first byte that is not valid UTF-8.
    private static func firstInvalidByte(_ data: Data) -> Int {
        var valid = 0
        var decoder = UTF8()
        var bytes = data.makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&bytes) { valid += UTF8.width(scalar) }
        return valid
    }
}
