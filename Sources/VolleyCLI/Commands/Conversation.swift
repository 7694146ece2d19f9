import ArgumentParser
import Foundation
import Volley

/// The messages of a chat, and the generator that answers them.
///
/// Each turn renders all messages in the chat template. The generator reuses what it has computed for their shared prefix, and
/// gives the same answer as a new one.
struct Conversation {
    let generator: Generator
    let options: GenerationOptions
    /// How the next answer is decoded.
    var plan: any DecodePlan

    private let template: ChatOptions
    /// The file that keeps the conversation; nil for none.
    private let path: String?
    private var messages: [ChatMessage] = []

    /// - Parameter path: a file to continue from, if there is one, and to save to after each answer.
    /// - Throws: `GenerationError` for a model without tokenizer or chat template; `SessionFileError`.
    init(
        _ model: Model, sessionOptions: SessionOptions, options: GenerationOptions, template: ChatOptions,
        system: String?, plan: any DecodePlan, path: String? = nil
    ) throws {
        guard try model.requireTokenizer().hasChatTemplate else {
            throw GenerationError.noChatTemplate(model: model.name)
        }
        generator = Generator(model, options: sessionOptions)
        self.options = options
        self.template = template
        self.plan = plan
        self.path = path
        messages = system.map { [ChatMessage(role: "system", content: $0)] } ?? []
        if let path, FileManager.default.fileExists(atPath: path) { try resume(path) }
    }

    /// Whether the conversation goes on from a file.
    var isResumed: Bool { messages.contains { $0.role != "system" } }

    private mutating func resume(_ path: String) throws {
        let saved = try generator.restore(from: path)
        guard !saved.isEmpty else { throw SessionFileError.noConversation(path: path) }
        guard messages.isEmpty || saved.first == messages.first else {
            throw ValidationError("\(path) has another system message; leave out --system, or name another file.")
        }
        messages = saved
    }

    /// Saves the conversation, if it has a file.
    ///
    /// - Throws: `SessionFileError.unwritable`; `SessionError.cacheOverflow`.
    func save() throws {
        if let path { try generator.save(to: path, conversation: messages) }
    }

    /// Removes every message except the system's.
    mutating func reset() { messages = messages.filter { $0.role == "system" } }

    /// Answers `text`. A cancelled answer stays in the conversation up to its last token.
    ///
    /// - Returns: the text that a cancelled answer held back.
    /// - Throws: `SessionError.promptTooLong` if the conversation does not fit the context; the message is then removed.
    mutating func answer(
        _ text: String, isCancelled: @escaping @Sendable () -> Bool, onToken: (GeneratedToken) throws -> Void
    ) throws -> String {
        messages.append(ChatMessage(role: "user", content: text))
        do {
            try begin(isCancelled: isCancelled)
        } catch {
            messages.removeLast()
            throw error
        }
        var answer = ""
        defer { messages.append(ChatMessage(answer: answer, generator.model.tokenizer, template)) }
        while let token = try generator.step() {
            answer += token.text
            try onToken(token)
        }
        let rest = generator.flush()
        answer += rest
        return rest
    }

    private func begin(isCancelled: @escaping @Sendable () -> Bool) throws {
        let model = generator.model
        let prompt = try model.tokens(of: messages, template)
        let isFirst = !messages.contains { $0.role == "assistant" }
        if isFirst, let warning = model.tokenizer?.warning(forPrompt: prompt) { StandardError.warn(warning) }
        try generator.begin(
            prompt, isWhole: true, plan: plan, options: options.filled(from: model.generationDefaults),
            isCancelled: isCancelled)
    }
}
