import CLineEdit
import Foundation

/// Reads lines: with editing and history from a terminal, without them from a pipe.
struct LineEditor {
    private let prompt: String

    init(prompt: String) {
        self.prompt = prompt
        setlocale(LC_CTYPE, "")  // libedit counts columns by the locale
    }

    /// The next line without its line break, or nil at the end of input.
    ///
    /// - Throws: `StreamError.inputNotUTF8`.
    func next() throws -> String? {
        guard StandardInput.isTerminal else { return try validated(plainLine()) }
        guard let line = readline(prompt) else { return nil }
        defer { free(line) }
        if line[0] != 0 { add_history(line) }
        return try validated(Array(UnsafeBufferPointer(start: line, count: strlen(line))).map { UInt8(bitPattern: $0) })
    }

    private func plainLine() -> [UInt8]? {
        var line: [UInt8] = []
        while true {
            let byte = getchar()
            if byte == EOF { return line.isEmpty ? nil : line }
            if byte == 10 { return line }
            line.append(UInt8(truncatingIfNeeded: byte))
        }
    }

    private func validated(_ bytes: [UInt8]?) throws -> String? {
        guard let bytes else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw StreamError.lineNotUTF8 }
        return text
    }
}
