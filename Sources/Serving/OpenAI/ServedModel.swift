import Decoding
import Foundation
import Models
import Tokens

/// The model that a server answers with, and the limits of its requests.
package struct ServedModel: Sendable {
    package let model: Model
    /// The plan of requests that name none.
    package let plan: any DecodePlan
    /// Overrides for the checkpoint's cycle rule.
    package let rule: CycleRule.Overrides
    package let limits: ServingLimits
    /// Inputs of the chat template, unless a request overrides them.
    package let chat: ChatOptions
    /// When drafts become tokens of sampled answers.
    package let verifyRule: VerifyRule
    /// Maximum number of tokens of reasoning, for requests that do not say; nil for no limit.
    package let thinkingBudget: Int?
    /// Whether answers are metered, where their plans allow it.
    package let isMetered: Bool
    /// When the server started, in seconds since 1970.
    let created = Int(Date().timeIntervalSince1970)
    /// Most tokens of a prompt.
    let promptLimit: Int
    /// Most bytes of a prompt: those of the longest tokens.
    private let promptByteLimit: Int

    package init(
        _ model: Model, plan: any DecodePlan, rule: CycleRule.Overrides, limits: ServingLimits,
        chat: ChatOptions = ChatOptions(), verifyRule: VerifyRule = .exact, isMetered: Bool = false,
        thinkingBudget: Int? = nil
    ) {
        self.model = model
        self.plan = plan
        self.rule = rule
        self.limits = limits
        self.chat = chat
        self.verifyRule = verifyRule
        self.isMetered = isMetered
        promptLimit = min(limits.promptTokens ?? .max, model.stack.configuration.contextLength)
        promptByteLimit = promptLimit * (model.tokenizer?.longestTokenByteCount ?? 0)
        self.thinkingBudget = thinkingBudget
    }

    var name: String { model.name }

    /// The largest factor that a request may name; 0 if the model cannot run cycles.
    var largestFactor: Int { model.stack.configuration.canRunCycles ? limits.factor : 0 }

    /// The largest token id of the vocabulary.
    var largestToken: Int { model.stack.configuration.vocabularySize - 1 }

    func tokenizer() throws(APIError) -> Tokenizer {
        guard let tokenizer = model.tokenizer else {
            let reason = model.tokenizerRefusal.map { "\($0)" }
            throw .invalid(reason ?? "\(name) has no tokenizer; give prompts as token ids", code: "no_tokenizer")
        }
        return tokenizer
    }

    func tokens(of prompt: CompletionPrompt) throws(APIError) -> [Int] {
        switch prompt {
        case .text(let text): try tokens(of: text, addSpecial: true, field: "prompt")
        case .tokens(let tokens): tokens
        }
    }

    func tokens(of request: TokenizeRequest) throws(APIError) -> [Int] {
        try tokenizer().encode(request.content, addSpecial: request.addsSpecial)
    }

    func text(of request: DetokenizeRequest) throws(APIError) -> String {
        let tokenizer = try tokenizer()
        if let unknown = request.tokens.first(where: { tokenizer.bytes(of: $0) == nil }) {
            throw .invalid(
                "token id \(unknown) is no token of the vocabulary, whose ids run from 0 to \(largestToken)",
                field: "tokens")
        }
        return tokenizer.decode(request.tokens, skipSpecial: false)
    }

    /// - Throws: `APIError` if a prompt of so many bytes has more tokens than the server takes.
    private func check(byteCount: Int, field: String) throws(APIError) {
        guard byteCount <= promptByteLimit else {
            throw .invalid(
                "the prompt has \(byteCount) bytes, and the server takes \(promptLimit) tokens, at most \(promptByteLimit) bytes; "
                    + "shorten it", field: field, code: "context_length_exceeded")
        }
    }

    /// Encodes a prompt, unless it is clearly too long: more bytes than the longest tokens have, or more tokens than the limit.
    private func tokens(of text: String, addSpecial: Bool, field: String) throws(APIError) -> [Int] {
        let tokenizer = try tokenizer()
        try check(byteCount: text.utf8.count, field: field)
        guard let tokens = tokenizer.encode(text, addSpecial: addSpecial, upTo: promptLimit) else {
            throw .invalid(
                "the prompt has more than the \(promptLimit) tokens that the server takes; shorten it", field: field,
                code: "context_length_exceeded")
        }
        return tokens
    }

    /// Renders a conversation with the model's template, up to where the answer begins.
    ///
    /// - Parameter prompt: overrides the server's own options.
    /// - Throws: `APIError`, with the template's message if it refuses the conversation, or if the template reads no tools or
    ///   documents and the request has some.
    func tokens(of prompt: ChatPrompt) throws(APIError) -> [Int] {
        let tokenizer = try tokenizer()
        var options = chat
        options.merge(prompt.options)
        options.tools = prompt.options.tools
        options.documents = prompt.options.documents
        do {
            try check(options, tokenizer)
            try check(byteCount: prompt.messages.reduce(0) { $0 + $1.content.utf8.count }, field: "messages")
            var messages = prompt.messages
            if messages.contains(where: \.hasParts), try !tokenizer.templateTakesParts(options) {
                messages = messages.map(\.joined)
            }
            let begun = prompt.continuesLast ? messages.last?.content : nil
            var text = try tokenizer.renderChat(messages, addGenerationPrompt: begun == nil, options: options)
            if let begun { text = try Self.cut(text, after: begun) }
            return try tokens(of: text, addSpecial: false, field: "messages")
        } catch let error as APIError {
            throw error
        } catch {
            throw .invalid("\(error)", field: "messages")
        }
    }

    /// A rendered conversation up to the end of its last message, which the model is to continue.
    private static func cut(_ text: String, after content: String) throws(APIError) -> String {
        let trimmed = content.trimmingCharacters(in: .whitespacesAndNewlines)
        guard
            let end = [content, trimmed].lazy.compactMap({ text.range(of: $0, options: .backwards)?.upperBound }).first
        else {
            throw .invalid(
                "the chat template does not write the last message as it is, so it cannot be continued; end with a user's message",
                field: "messages")
        }
        return String(text[..<end])
    }

    /// - Throws: `APIError` if the template does not read the tools or documents of a request.
    private func check(_ options: ChatOptions, _ tokenizer: Tokenizer) throws {
        for (name, isGiven) in [("tools", options.tools != nil), ("documents", options.documents != nil)] where isGiven
        {
            guard try tokenizer.templateReads(name, options) else {
                throw APIError.invalid("the model's chat template does not read \(name); leave it out", field: name)
            }
        }
    }

    /// - Throws: `APIError` if a prompt is empty, too long or has a token outside the vocabulary, or there are too many prompts.
    func check(prompts: [[Int]], choicesOfEach: Int) throws(APIError) {
        let configuration = model.stack.configuration
        guard prompts.count * choicesOfEach <= limits.queueLength else {
            throw .invalid(
                "\(prompts.count) prompts with \(choicesOfEach) choices are more than the \(limits.queueLength) that may wait; "
                    + "send several requests", field: "prompt")
        }
        for prompt in prompts {
            guard !prompt.isEmpty else {
                throw .invalid("the prompt is empty; give at least one token", field: "prompt")
            }
            guard prompt.count <= promptLimit else {
                throw .invalid(
                    "the prompt has \(prompt.count) tokens, and the server takes \(promptLimit); shorten it",
                    field: "prompt",
                    code: "context_length_exceeded")
            }
            if let token = prompt.first(where: { !(0..<configuration.vocabularySize).contains($0) }) {
                throw .invalid(
                    "token id \(token) is outside the vocabulary; ids run from 0 to \(configuration.vocabularySize - 1)",
                    field: "prompt")
            }
        }
    }
}
