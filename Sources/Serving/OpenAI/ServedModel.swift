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
    /// Whether answers are metered, where their plans allow it.
    package let isMetered: Bool
    /// When the server started, in seconds since 1970; `created` of every answer.
    let created = Int(Date().timeIntervalSince1970)

    package init(
        _ model: Model, plan: any DecodePlan, rule: CycleRule.Overrides, limits: ServingLimits,
        chat: ChatOptions = ChatOptions(), verifyRule: VerifyRule = .exact, isMetered: Bool = false
    ) {
        self.model = model
        self.plan = plan
        self.rule = rule
        self.limits = limits
        self.chat = chat
        self.verifyRule = verifyRule
        self.isMetered = isMetered
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
        case .text(let text): try tokenizer().encode(text, addSpecial: true)
        case .tokens(let tokens): tokens
        }
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
            var messages = prompt.messages
            if messages.contains(where: \.hasParts), try !tokenizer.templateTakesParts(options) {
                messages = messages.map(\.joined)
            }
            let text = try tokenizer.renderChat(messages, addGenerationPrompt: true, options: options)
            return tokenizer.encode(text, addSpecial: false)
        } catch let error as APIError {
            throw error
        } catch {
            throw .invalid("\(error)", field: "messages")
        }
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
        let limit = min(limits.promptTokens ?? .max, configuration.contextLength)
        guard prompts.count * choicesOfEach <= limits.queueLength else {
            throw .invalid(
                "\(prompts.count) prompts with \(choicesOfEach) choices are more than the \(limits.queueLength) that may wait; "
                    + "send several requests", field: "prompt")
        }
        for prompt in prompts {
            guard !prompt.isEmpty else {
                throw .invalid("the prompt is empty; give at least one token", field: "prompt")
            }
            guard prompt.count <= limit else {
                throw .invalid(
                    "the prompt has \(prompt.count) tokens, and the server takes \(limit); shorten it", field: "prompt",
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
