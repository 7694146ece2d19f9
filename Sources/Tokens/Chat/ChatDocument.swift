import JSON

/// A chat read from a file: messages and the template's other inputs.
package struct ChatDocument: Sendable, Equatable {
    package var messages: [ChatMessage]
    /// Whether to append the start of the assistant's turn.
    package var addGenerationPrompt: Bool
    package var options: ChatOptions

    /// Parses an object with `messages` and optionally `tools`, `documents`, `add_generation_prompt`,
    /// `enable_thinking`, `chat_template_kwargs` and `chat_template` (a template's name). `null` counts as absent.
    /// - Throws: `TokenizerError.badChat` naming the wrong or unknown field.
    package init(json: String) throws(TokenizerError) {
        let value = try JSONValue(chat: json, "the chat")
        guard let object = value.objectValue else { throw .badChat(problem: "the chat is \(value); give an object") }
        var options = ChatOptions()
        var messages: [ChatMessage]?
        addGenerationPrompt = false
        for (name, value) in object where !value.isNull {
            switch name {
            case "messages": messages = try Self.messages(value)
            case "tools": try options.set(tools: value)
            case "documents": try options.set(documents: value)
            case "add_generation_prompt": addGenerationPrompt = try Self.truth(value, name)
            case "enable_thinking": options.thinking = try Self.truth(value, name)
            case ChatOptions.variablesName: try options.add(variables: value)
            case "chat_template":
                guard let text = value.stringValue else {
                    throw .badChat(problem: "chat_template is \(value); give a name")
                }
                options.templateName = text
            default: throw .badChat(problem: "there is no field \(quoted(name)); leave it out")
            }
        }
        guard let messages else { throw .badChat(problem: "there are no messages; give a list as 'messages'") }
        self.messages = messages
        self.options = options
    }

    private static func messages(_ value: JSONValue) throws(TokenizerError) -> [ChatMessage] {
        guard let elements = value.arrayValue else { throw .badChat(problem: "messages is \(value); give a list") }
        var messages: [ChatMessage] = []
        for (index, element) in elements.enumerated() {
            guard let fields = element.objectValue else {
                throw .badChat(problem: "messages[\(index)] is \(element); give an object with a role and a content")
            }
            messages.append(ChatMessage(fields: fields))
        }
        return messages
    }

    private static func truth(_ value: JSONValue, _ name: String) throws(TokenizerError) -> Bool {
        guard let truth = value.boolValue else { throw .badChat(problem: "\(name) is \(value); give true or false") }
        return truth
    }
}
