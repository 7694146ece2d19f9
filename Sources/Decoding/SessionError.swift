/// What a session refuses, in one sentence.
public enum SessionError: Error, Equatable, CustomStringConvertible {
    case emptyPrompt
    case tokenOutOfRange(Int, vocabularySize: Int)
    case promptTooLong(count: Int, contextLength: Int)
    case threadCount(Int)
    case window(Int)
    case sinkCount(Int)
    case draftsInWindow

    public var description: String {
        switch self {
        case .emptyPrompt:
            "the prompt is empty; give at least one token"
        case .tokenOutOfRange(let token, let size):
            "token id \(token) is outside the vocabulary; ids run from 0 to \(size - 1)"
        case .promptTooLong(let count, let contextLength):
            "the prompt has \(count) tokens but the model's context holds \(contextLength); shorten it, or give a --window"
        case .threadCount(let count):
            "the thread count is \(count); give a number from 1 to 256"
        case .window(let window):
            "the window is \(window) positions; give a number from 1 to \(1 << 24)"
        case .sinkCount(let count):
            "the number of sinks is \(count); give a number from 0 to \(1 << 24)"
        case .draftsInWindow:
            "a plan that drafts tokens cannot take them back out of a window; leave out --window"
        }
    }
}
