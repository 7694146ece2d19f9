import JSON

/// A model's chat templates, and the special tokens available to them.
struct ChatTemplates: Sendable {
    /// Templates by name. An unnamed one is called `default`.
    private var templates: [String: ChatTemplate]
    /// Token texts under the names `bos_token`, `eos_token` and so on.
    private let specialTokens: JSONObject

    /// - Parameters:
    ///   - sources: Jinja sources by name.
    ///   - specialTokens: names and texts of special tokens.
    init(_ sources: [String: String], specialTokens: [(name: String, text: String)]) {
        templates = sources.mapValues { ChatTemplate($0) }
        var tokens = JSONObject()
        for (name, text) in specialTokens { tokens[name] = .string(text) }
        self.specialTokens = tokens
    }

    static let defaultName = "default"
    private static let toolName = "tool_use"

    var names: [String] { templates.keys.sorted() }

    /// A copy with a single other template.
    func replaced(by source: String) -> ChatTemplates {
        var copy = self
        copy.templates = [Self.defaultName: ChatTemplate(source)]
        return copy
    }

    /// The template with this name. Without a name, the one for tools if there are tools, otherwise the default.
    /// - Throws: `TokenizerError` if there is no such template.
    func template(named name: String?, hasTools: Bool) throws(TokenizerError) -> ChatTemplate {
        guard !templates.isEmpty else { throw .noChatTemplate }
        let list = names.map { quoted($0) }.joined(separator: ", ")
        if let name {
            guard let template = templates[name] else {
                throw .badChat(problem: "the model has no chat template \(quoted(name)); it has \(list)")
            }
            return template
        }
        guard let template = (hasTools ? templates[Self.toolName] : nil) ?? templates[Self.defaultName] else {
            throw .badChat(problem: "the model has no default chat template; name one of \(list)")
        }
        return template
    }

    /// Whether `template` renders a text part exactly as it renders the same text given as a string.
    func takesParts(_ template: ChatTemplate) -> Bool {
        func written(_ content: JSONValue) -> String? {
            let message = ChatMessage(fields: ["role": "user", "content": content])
            return try? template.render(
                variables([message], addGenerationPrompt: false, ChatOptions()))
        }
        guard let text = written("text") else { return false }
        return written([["type": "text", "text": "text"]]) == text
    }

    /// Renders a chat in the format the model was trained on.
    ///
    /// Variables and the treatment of messages follow transformers' `apply_chat_template`.
    /// - Throws: `TokenizerError`.
    func render(
        _ messages: [ChatMessage], addGenerationPrompt: Bool, _ options: ChatOptions
    ) throws(TokenizerError) -> String {
        let template = try template(named: options.templateName, hasTools: options.tools != nil)
        guard !messages.isEmpty else { throw .badChat(problem: "there are no messages") }
        return try template.render(variables(messages, addGenerationPrompt: addGenerationPrompt, options))
    }

    private func variables(
        _ messages: [ChatMessage], addGenerationPrompt: Bool, _ options: ChatOptions
    ) -> JSONObject {
        var variables = specialTokens
        for (name, value) in options.variables { variables[name] = value }
        if let thinking = options.thinking { variables["enable_thinking"] = .bool(thinking) }
        variables["messages"] = .array(messages.map { .object($0.templateFields) })
        variables["tools"] = options.tools.map { .array($0) } ?? .null
        variables["documents"] = options.documents.map { .array($0) } ?? .null
        variables["add_generation_prompt"] = .bool(addGenerationPrompt)
        return variables
    }
}

extension ChatMessage {
    /// The fields that a template sees: no `null` ones, and reasoning as both `thinking` and `reasoning_content`.
    fileprivate var templateFields: JSONObject {
        var present = JSONObject()
        for (name, value) in fields where !value.isNull { present[name] = value }
        let names = ["reasoning_content", "thinking", "reasoning"]
        guard let reasoning = names.lazy.compactMap({ present[$0] }).first else { return present }
        var result: JSONObject = ["thinking": reasoning]
        for (name, value) in present { result[name] = value }
        result["reasoning_content"] = reasoning
        return result
    }
}
