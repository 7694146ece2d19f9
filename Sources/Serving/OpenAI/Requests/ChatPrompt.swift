import Foundation
import JSON
import Tokens

/// The fields of a chat request that its template sees.
///
/// Messages, tools and documents stay JSON: templates read fields that only they know.
struct ChatPrompt: DecodableWithConfiguration {
    let messages: [ChatMessage]
    private(set) var options = ChatOptions()
    /// Whether the last message is the beginning of the answer: it is the assistant's, unless the request says otherwise.
    let continuesLast: Bool
    /// Fields of messages that are not known; the template does not see them.
    private(set) var ignoredFields: [String] = []

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case messages
        case thinking = "enable_thinking"
        case tools
        case documents
        case variables = "chat_template_kwargs"
        case beginsAnswer = "add_generation_prompt"
        case continuesLast = "continue_final_message"
    }

    static let fieldNames = CodingKeys.names

    /// - Throws: `APIError` naming the field that is wrong.
    init(from decoder: any Decoder, configuration served: ServedModel) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        options.thinking = try fields.truth(.thinking)
        for key in [CodingKeys.tools, .documents, .variables] {
            guard let value = try fields.decodeIfPresent(JSONValue.self, forKey: key), value != [] else { continue }
            try Self.set(key, value, in: &options)
        }
        messages = try Self.messages(
            fields.decodeIfPresent(JSONValue.self, forKey: .messages), isStrict: served.limits.isStrict,
            ignored: &ignoredFields)
        let isBegun = messages.last.map {
            $0.role == "assistant" && !$0.content.allSatisfy(\.isWhitespace) && $0.fields["tool_calls"] == nil
        }
        let beginsAnswer = try fields.truth(.beginsAnswer) ?? false
        let mayContinue = try fields.truth(.continuesLast) ?? true
        continuesLast = isBegun == true && !beginsAnswer && mayContinue
    }

    /// Leaves the tools out of the prompt: the model may not call them.
    mutating func removeTools() { options.tools = nil }

    /// Sets what the request says by other fields, unless `enable_thinking` says it.
    mutating func set(_ thinking: ThinkingFields) {
        options.thinking = options.thinking ?? thinking.thinking
        guard let effort = thinking.effort, options.variables["reasoning_effort"] == nil else { return }
        options.variables["reasoning_effort"] = .string(effort)
    }

    private static func set(_ key: CodingKeys, _ value: JSONValue, in options: inout ChatOptions) throws(APIError) {
        do throws(TokenizerError) {
            switch key {
            case .tools: try options.set(tools: value)
            case .documents: try options.set(documents: value)
            default: try options.add(variables: value)
            }
        } catch {
            throw .invalid(error.problem, field: key.stringValue)
        }
    }

    private static func messages(
        _ value: JSONValue?, isStrict: Bool, ignored: inout [String]
    ) throws(APIError) -> [ChatMessage] {
        guard let elements = value?.arrayValue, !elements.isEmpty else {
            throw .invalid("messages are missing; give a list with at least one", field: "messages")
        }
        var messages: [ChatMessage] = []
        for (index, element) in elements.enumerated() {
            messages.append(try message(element, "messages[\(index)]", isStrict: isStrict, ignored: &ignored))
        }
        return messages
    }

    private static func message(
        _ value: JSONValue, _ place: String, isStrict: Bool, ignored: inout [String]
    ) throws(APIError) -> ChatMessage {
        guard var fields = value.objectValue, let role = fields["role"]?.stringValue else {
            throw .invalid("\(place) has no role; give system, user, assistant or tool", field: place)
        }
        let known = [
            "role", "content", "name", "reasoning_content", "reasoning", "tool_calls", "tool_call_id", "refusal",
            "annotations",
        ]
        let others = fields.filter { !known.contains($0.name) && !$0.value.isNull }.map(\.name)
        // These would change the answer.
        if let other = others.first(where: { isStrict || ["function_call", "audio"].contains($0) }) {
            throw .invalid("\(place).\(other) is not implemented; leave it out", field: place)
        }
        for other in others { fields[other] = nil }
        ignored += others.map { "\(place).\($0)" }
        fields["refusal"] = nil
        fields["annotations"] = nil
        // OpenAI's newer name for the system role.
        if role == "developer" { fields["role"] = "system" }
        if let calls = fields["tool_calls"], !calls.isNull { fields["tool_calls"] = try toolCalls(calls, place) }
        let content = fields["content"] ?? .null
        // A message that calls tools may have no content.
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

    /// The calls, with `arguments` as an object: OpenAI's clients write it as JSON in a string, templates read the object.
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
