import Decoding
import Tokens

/// The prompt of a generation.
enum Prompt: Sendable {
    case text(String)
    case tokens([Int])
    case chat([ChatMessage], ChatOptions)

    /// Whether the prompt is the whole sequence, rather than its continuation.
    var isWhole: Bool {
        if case .chat = self { true } else { false }
    }

    /// - Parameter isFirst: whether the prompt begins the sequence, so that a text gets the tokenizer's begin token.
    /// - Throws: `SessionError.emptyPrompt`, `GenerationError` or `TokenizerError`.
    func tokens(for model: Model, isFirst: Bool) throws -> [Int] {
        switch self {
        case .tokens(let tokens): return tokens
        case .chat(let messages, let options): return try model.tokens(of: messages, options)
        case .text(let text):
            guard !text.isEmpty else { throw SessionError.emptyPrompt }
            return try model.requireTokenizer().encode(text, addSpecial: isFirst)
        }
    }
}
