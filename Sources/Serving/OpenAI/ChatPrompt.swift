import JSON
import Tokens

/// The conversation of a chat request, and what else the chat template is given.
struct ChatPrompt {
    let messages: [ChatMessage]
    var options = ChatOptions()

    /// Takes the fields that the template is to see.
    /// - Throws: `APIError` naming the field that is wrong.
    init(_ fields: inout RequestFields) throws(APIError) {
        options.thinking = try fields.truth("enable_thinking")
        let given = ["tools", "documents", ChatOptions.variablesName].map { ($0, fields.value($0)) }
        for (name, value) in given {
            guard let value, value != .array([]) else { continue }
            do throws(TokenizerError) {
                switch name {
                case "tools": try options.set(tools: value)
                case "documents": try options.set(documents: value)
                default: try options.add(variables: value)
                }
            } catch {
                throw .invalid(error.problem, field: name)
            }
        }
        messages = try Self.messages(fields.value("messages"))
    }

    private static func messages(_ value: JSONValue?) throws(APIError) -> [ChatMessage] {
        guard let elements = value?.arrayValue, !elements.isEmpty else {
            throw .invalid("messages are missing; give a list with at least one", field: "messages")
        }
        var messages: [ChatMessage] = []
        for (index, element) in elements.enumerated() { messages.append(try message(element, "messages[\(index)]")) }
        return messages
    }

    private static func message(_ value: JSONValue, _ place: String) throws(APIError) -> ChatMessage {
        guard var fields = value.objectValue, let role = fields["role"]?.stringValue else {
            throw .invalid("\(place) has no role; give system, user, assistant or tool", field: place)
        }
        let known = [
            "role", "content", "name", "reasoning_content", "reasoning", "tool_calls", "tool_call_id", "refusal",
            "annotations",
        ]
        if let other = fields.first(where: { !known.contains($0.name) && !$0.value.isNull }) {
            throw .invalid("\(place).\(other.name) is not implemented; leave it out", field: place)
        }
        fields["refusal"] = nil
        fields["annotations"] = nil
        // The newer name of the system's role.
        if role == "developer" { fields["role"] = "system" }
        if let calls = fields["tool_calls"], !calls.isNull { fields["tool_calls"] = try toolCalls(calls, place) }
        let content = fields["content"] ?? .null
        // An answer that calls tools need not say anything.
        guard isText(content) || (content.isNull && fields["tool_calls"]?.arrayValue?.isEmpty == false) else {
            throw .invalid("\(place).content is no text; give a string or parts of type text", field: place)
        }
        return ChatMessage(fields: fields)
    }

    /// Whether this is a string, or parts of type text.
    private static func isText(_ value: JSONValue) -> Bool {
        guard let parts = value.arrayValue else { return value.stringValue != nil }
        return parts.allSatisfy { $0["type"] == "text" && $0["text"]?.stringValue != nil }
    }

    /// Calls as templates read them: OpenAI's clients write `arguments` as JSON in a string, templates want the object.
    private static func toolCalls(_ value: JSONValue, _ place: String) throws(APIError) -> JSONValue {
        guard let calls = value.arrayValue, calls.allSatisfy({ $0["function"]?.objectValue != nil }) else {
            throw .invalid("\(place).tool_calls is \(value); give a list of calls, each with a function", field: place)
        }
        return .array(
            calls.map { call in
                guard var fields = call.objectValue, var function = call["function"]?.objectValue,
                    let text = function["arguments"]?.stringValue,
                    let arguments = try? JSONValue(parsing: Array(text.utf8), limits: .configuration),
                    arguments.objectValue != nil
                else { return call }
                function["arguments"] = arguments
                fields["function"] = .object(function)
                return .object(fields)
            })
    }
}

extension ChatMessage {
    var hasParts: Bool { fields["content"]?.arrayValue != nil }

    /// The message with its parts behind one another, for templates that read content as text alone.
    var joined: ChatMessage {
        guard hasParts else { return self }
        var message = self
        message.content = content
        return message
    }
}
