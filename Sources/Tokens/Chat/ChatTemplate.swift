import JSON

/// A model's chat template: its text, and the family that it belongs to.
///
/// Templates are programs in Jinja. Those of the supported models are of two families, which are written here; a
/// template of another kind is refused, and not guessed at.
struct ChatTemplate: Sendable {
    private enum Family {
        case chatML(ChatMLFormat)
        case llama3(Llama3Format)
    }

    private let family: Result<Family, TokenizerError>

    /// - Parameters:
    ///   - source: Jinja.
    ///   - begin: the text of the token that begins a text, "" where there is none.
    init(source: String, begin: String) {
        family = Result { () throws(TokenizerError) in
            if let format = ChatMLFormat(source) { return .chatML(format) }
            if let format = Llama3Format(source, begin: begin) { return .llama3(format) }
            throw .unknownChatTemplate(problem: "it is neither ChatML as Qwen and SmolLM2 write it, nor Llama 3's")
        }
    }

    /// The messages as the model was trained to read them.
    /// - Parameters:
    ///   - addGenerationPrompt: whether the answer's opening is added.
    ///   - enableThinking: false asks a model that can think not to; nil leaves it to the template.
    func render(
        _ messages: [ChatMessage], addGenerationPrompt: Bool, enableThinking: Bool?
    ) throws(TokenizerError) -> String {
        guard !messages.isEmpty else { throw .badChat(problem: "there are no messages") }
        if let other = messages.first(where: { !["system", "user", "assistant"].contains($0.role) }) {
            let role = quoted(other.role)
            throw .badChat(problem: "the role \(role) is not one of 'system', 'user' and 'assistant'")
        }
        switch try family.get() {
        case .chatML(let format):
            return format.render(
                messages, addGenerationPrompt: addGenerationPrompt, enableThinking: enableThinking ?? true)
        case .llama3(let format): return format.render(messages, addGenerationPrompt: addGenerationPrompt)
        }
    }
}

extension Tokenizer {
    /// The text of a chat, to be encoded without adding special tokens: the template writes them.
    /// - Parameters:
    ///   - addGenerationPrompt: whether the answer's opening is added.
    ///   - enableThinking: false asks a model that can think not to; nil leaves it to the template.
    /// - Throws: `TokenizerError` where the model has no template, or one that is not supported, and for messages
    ///   that no chat can have.
    public func renderChat(
        _ messages: [ChatMessage], addGenerationPrompt: Bool, enableThinking: Bool? = nil
    ) throws(TokenizerError) -> String {
        guard let chatTemplate else { throw .noChatTemplate }
        return try chatTemplate.render(
            messages, addGenerationPrompt: addGenerationPrompt, enableThinking: enableThinking)
    }
}
