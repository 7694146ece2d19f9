/// Why a stream or file cannot be read or written, in one sentence.
enum StreamError: Error, CustomStringConvertible {
    /// The reader of standard output has closed the pipe, as `| head` does.
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
