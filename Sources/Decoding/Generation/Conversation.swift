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
    private let template: ChatOptions
    private var context: DecodingContext
    private var messages: [ChatMessage] = []
    /// Answers since the beginning, or since `reset`.
    package var answerCount: Int { messages.count { $0.role == "assistant" } }

    /// - Parameter template: what the chat template is given beside the messages.
    /// - Throws: `GenerationError` for a model without tokenizer or chat template; `SessionError` for the options.
    package init(
        _ model: Model, options: SessionOptions, system: String?, template: ChatOptions, plan: any DecodePlan
    ) throws {
        self.model = model
        self.plan = plan
        self.system = system
        self.template = template
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

    /// Answers `text`, giving out each token as it comes, and before that the ids of the whole conversation. A cancelled
    /// answer stays in the conversation as far as it got.
    ///
    /// - Parameter options: nil takes the model's own default.
    /// - Returns: the generation, at its end, and the text that a cancelled one held back.
    /// - Throws: `SessionError.promptTooLong` where the conversation has outgrown the context; the message is then
    ///   taken back.
    package mutating func answer(
        _ text: String, options: GenerationOptions, isCancelled: @escaping @Sendable () -> Bool,
        onPrompt: ([Int]) -> Void = { _ in }, onToken: (GeneratedToken) throws -> Void
    ) throws -> (generation: DecodingLoop, rest: String) {
        messages.append(ChatMessage(role: "user", content: text))
        let generation: DecodingLoop
        do {
            let prompt = try model.tokens(of: messages, template)
            onPrompt(prompt)
            generation = try begin(prompt, options: options, isCancelled: isCancelled)
        } catch {
            messages.removeLast()
            throw error
        }
        var answer = ""
        defer { messages.append(ChatMessage(answer: answer, model.tokenizer, template)) }
        while let token = try generation.step() {
            answer += token.text
            try onToken(token)
        }
        let rest = generation.flush()
        answer += rest
        return (generation, rest)
    }

    private func begin(
        _ prompt: [Int], options: GenerationOptions, isCancelled: @escaping @Sendable () -> Bool
    ) throws -> DecodingLoop {
        try DecodingLoop(
            context, prompt: prompt, plan: plan, options: options.filled(from: model.generationDefaults),
            tokenizer: model.tokenizer, endTokens: model.endTokens, isWhole: true, isCancelled: isCancelled)
    }
}
