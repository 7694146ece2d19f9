import Tokens

/// A chat: its messages, and the session that has read them.
///
/// Each turn renders the whole conversation and reuses what the session has of it, so that an answer is what a fresh
/// session would give.
public struct Conversation {
    public let language: Model
    /// How the next answer is decoded.
    public var plan: any DecodePlan

    private let tokenizer: Tokenizer
    private let system: String?
    private let thinking: Bool?
    private var session: Session
    private var messages: [ChatMessage] = []

    /// - Parameter thinking: whether a model that can think does so; nil leaves it to the template.
    /// - Throws: `GenerationError` for a model without tokenizer or chat template; `SessionError` for the options.
    public init(
        _ language: Model, session options: SessionOptions, system: String?, thinking: Bool?,
        plan: any DecodePlan
    ) throws {
        self.language = language
        self.plan = plan
        self.system = system
        self.thinking = thinking
        tokenizer = try language.requireTokenizer()
        guard tokenizer.hasChatTemplate else { throw GenerationError.noChatTemplate(model: language.name) }
        session = try Session(model: language.stack, options: options)
        try reset()
    }

    /// Forgets every message but the system's.
    public mutating func reset() throws {
        messages = system.map { [ChatMessage(role: "system", content: $0)] } ?? []
    }

    /// Answers `text`, giving out each token as it comes. A cancelled answer stays in the conversation as far as it got.
    ///
    /// - Throws: `SessionError.promptTooLong` where the conversation has outgrown the context; the message is then
    ///   taken back.
    public mutating func answer(
        _ text: String, options: GenerationOptions, isCancelled: @escaping @Sendable () -> Bool,
        onToken: (GeneratedToken) throws -> Void
    ) throws -> GenerationStatistics {
        messages.append(ChatMessage(role: "user", content: text))
        let generation: Generation
        do {
            generation = try begin(options: options, isCancelled: isCancelled)
        } catch {
            messages.removeLast()
            throw error
        }
        var answer = ""
        defer { messages.append(ChatMessage(role: "assistant", content: answer)) }
        while let token = try generation.step() {
            answer += token.text
            try onToken(token)
        }
        answer += generation.flush()
        return generation.statistics
    }

    private func begin(options: GenerationOptions, isCancelled: @escaping @Sendable () -> Bool) throws -> Generation {
        let rendered = try tokenizer.renderChat(messages, addGenerationPrompt: true, enableThinking: thinking)
        let tokens = tokenizer.encode(rendered, addSpecial: false)
        // The last token is always run anew: its logits are the first answer's.
        let shared = min(zip(tokens, session.tokens).prefix { $0 == $1 }.count, tokens.count - 1)
        session.truncate(to: max(0, shared))
        return try Generation(
            session, prompt: Array(tokens[max(0, shared)...]), plan: plan, options: options, tokenizer: tokenizer,
            endTokens: language.endTokens, isCancelled: isCancelled)
    }
}
