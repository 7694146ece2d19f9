import Decoding
import Tokens

/// What a generation begins with.
enum Prompt: Sendable {
    case text(String)
    case tokens([Int])
    case chat([ChatMessage], ChatOptions)

    /// Whether it is everything that the model reads, not what comes next.
    var isWhole: Bool {
        if case .chat = self { true } else { false }
    }

    /// - Parameter isFirst: whether nothing comes before it, so that a text gets the tokens that open one.
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
