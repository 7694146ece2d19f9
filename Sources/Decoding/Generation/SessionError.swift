public import Foundation
public import Tensors

/// Why a session refuses its options or a prompt, in one sentence.
public enum SessionError: Error, Equatable, CustomStringConvertible {
    /// Another generation of the session has not ended.
    case busy
    /// The prompt holds no token.
    case emptyPrompt
    /// An id is negative or beyond the vocabulary.
    case tokenOutOfRange(Int, vocabularySize: Int)
    /// The prompt and the tokens before it do not fit the context.
    case promptTooLong(count: Int, contextLength: Int)
    /// `SessionOptions.threadCount` is not from 1 to 256.
    case threadCount(Int)
    /// `SessionOptions.window` is not from 1 to 2²⁴.
    case window(Int)
    /// `SessionOptions.sinkCount` is not from 0 to 2²⁴.
    case sinkCount(Int)
    /// The width of the model's attention heads is not a multiple of the blocks of `SessionOptions.kvFormat`.
    case headWidth(Int, format: KVFormat)
    /// A key or value at this position is too large for `SessionOptions.kvFormat`.
    case cacheOverflow(position: Int)
    /// The number of tokens to keep is negative, or more than the session has.
    case truncation(count: Int, tokenCount: Int)
    /// The hidden states of an embedding are not finite: the weights are damaged.
    case embeddingNotFinite
    /// The system started fewer threads than `SessionOptions.threadCount`.
    case threadRefused(started: Int, of: Int)

    public var description: String {
        switch self {
        case .busy:
            "the session is generating already; end that generation first, or make another session"
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
        case .cacheOverflow(let position):
            "a key or value at position \(position) is too large for float16, in which the KV cache keeps numbers or their "
                + "scales; run again with --kv f32"
        case .headWidth(let width, let format):
            "the model's attention heads are \(width) wide, and --kv \(format.rawValue) needs a multiple of "
                + "\(format.valuesPerBlock); run with --kv f16"
        case .truncation(let count, let tokenCount):
            "the session cannot be truncated to \(count) tokens; give a number from 0 to its \(tokenCount)"
        case .embeddingNotFinite:
            "the model's hidden states are not finite numbers, or all zero; the checkpoint's weights are damaged"
        case .threadRefused(let started, let count):
            ThreadRefusal(started: started, of: count).description
        }
    }
}

extension SessionError: LocalizedError {
    /// The same sentence as `description`.
    public var errorDescription: String? { description }
}
