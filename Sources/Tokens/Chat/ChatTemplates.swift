import JSON

/// A model's chat templates, and the special tokens that they can name.
struct ChatTemplates: Sendable {
    /// By name; `default` is one without a name.
    private var templates: [String: ChatTemplate]
    /// `bos_token` and so on.
    private let specialTokens: JSONObject

    /// - Parameters:
    ///   - sources: Jinja by name.
    ///   - specialTokens: names and texts.
    init(_ sources: [String: String], specialTokens: [(name: String, text: String)]) {
        templates = sources.mapValues { ChatTemplate($0) }
        var tokens = JSONObject()
        for (name, text) in specialTokens { tokens[name] = .string(text) }
        self.specialTokens = tokens
    }

    static let defaultName = "default"
    private static let toolName = "tool_use"

    var names: [String] { templates.keys.sorted() }

    /// The same special tokens with one other template.
    func replaced(by source: String) -> ChatTemplates {
        var copy = self
        copy.templates = [Self.defaultName: ChatTemplate(source)]
        return copy
    }

    /// The template of this name; without one, the one for tools where there are any, else the default one.
    /// - Throws: `TokenizerError` where there is no such template.
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

    /// Whether `template` writes a part of type text as it writes the text itself.
    func takesParts(_ template: ChatTemplate) -> Bool {
        func written(_ content: JSONValue) -> String? {
            let message = ChatMessage(fields: ["role": "user", "content": content])
            return try? template.render(
                variables([message], addGenerationPrompt: false, ChatOptions()))
        }
        guard let text = written("text") else { return false }
        return written([["type": "text", "text": "text"]]) == text
    }

    /// A chat as the model was trained to read it.
    ///
    /// Variables, and what is done to messages before the template sees them, are those of transformers'
    /// `apply_chat_template`.
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
    /// What a template sees: no `null` fields, and reasoning under each of its names.
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
