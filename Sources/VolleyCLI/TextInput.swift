import Foundation

/// Text that a user gives by file or by pipe.
enum TextInput {
    /// The whole of standard input.
    static func standardInput() throws -> String {
        try text(FileHandle.standardInput.readToEnd() ?? Data())
    }

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
