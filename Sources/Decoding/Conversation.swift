import Models
import Tokens

/// A chat: its messages, and the context that has read them.
///
/// Each turn renders the whole conversation and reuses what the context has of it, so that an answer is what a fresh
/// one would give.
package struct Conversation {
    package let model: Model
    /// How the next answer is decoded.
    package private(set) var plan: any DecodePlan

    private let system: String?
    private let thinking: Bool?
    private var context: DecodingContext
    private var messages: [ChatMessage] = []

    /// - Parameter thinking: whether a model that can think does so; nil leaves it to the template.
    /// - Throws: `GenerationError` for a model without tokenizer or chat template; `SessionError` for the options.
    package init(
        _ model: Model, options: SessionOptions, system: String?, thinking: Bool?,
        plan: any DecodePlan
    ) throws {
        self.model = model
        self.plan = plan
        self.system = system
        self.thinking = thinking
        guard try model.requireTokenizer().hasChatTemplate else {
            throw GenerationError.noChatTemplate(model: model.name)
        }
        context = try DecodingContext(model.fitted(to: plan).stack, options: options)
        try reset()
    }

    /// Decodes the next answers by `plan`; where that runs other layers, or cuts them elsewhere, everything is read anew.
    ///
    /// - Throws: `SessionError`.
    package mutating func use(_ plan: any DecodePlan) throws {
        let stack = model.fitted(to: plan).stack
        if !context.stack.runsAlike(stack) { context = try DecodingContext(stack, options: context.options) }
        self.plan = plan
    }

    /// Forgets every message but the system's.
    package mutating func reset() throws {
        messages = system.map { [ChatMessage(role: "system", content: $0)] } ?? []
    }

    /// Answers `text`, giving out each token as it comes. A cancelled answer stays in the conversation as far as it got.
    ///
    /// - Parameter options: nil takes the model's own default.
    /// - Returns: the generation, at its end, and the text that a cancelled one held back.
    /// - Throws: `SessionError.promptTooLong` where the conversation has outgrown the context; the message is then
    ///   taken back.
    package mutating func answer(
        _ text: String, options: GenerationOptions, isCancelled: @escaping @Sendable () -> Bool,
        onToken: (GeneratedToken) throws -> Void
    ) throws -> (generation: DecodingLoop, rest: String) {
        messages.append(ChatMessage(role: "user", content: text))
        let generation: DecodingLoop
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
        let rest = generation.flush()
        answer += rest
        return (generation, rest)
    }

    private func begin(options: GenerationOptions, isCancelled: @escaping @Sendable () -> Bool) throws -> DecodingLoop {
        try DecodingLoop(
            context, prompt: try model.tokens(of: messages, thinking: thinking), plan: plan,
            options: options.filled(from: model.generationDefaults), tokenizer: model.tokenizer,
            endTokens: model.endTokens, isWhole: true, isCancelled: isCancelled)
    }
}
