import JSON

/// A message of a chat, with every field that the model's template may read.
///
/// `init(json:)` keeps the order of fields, because templates that print tool calls print them in that order.
public struct ChatMessage: Sendable, Equatable {
    /// The fields that the template sees, without `null` ones.
    package var fields: JSONObject

    /// Creates a message with a role and a text.
    public init(role: String, content: String) { fields = ["role": .string(role), "content": .string(content)] }

    package init(fields: JSONObject) { self.fields = fields }

    /// Parses a message from a JSON object: `role`, `content` as text or parts, and any other field the template reads,
    /// such as `reasoning_content`, `tool_calls`, `tool_call_id` and `name`.
    /// - Throws: `TokenizerError.badChat` if `json` is not an object.
    public init(json: String) throws(TokenizerError) {
        guard let object = try JSONValue(chat: json, "the message").objectValue else {
            throw .badChat(problem: "the message is not a JSON object")
        }
        self.init(fields: object)
    }

    /// Instructions to the model, before the conversation.
    public static func system(_ content: String) -> ChatMessage { ChatMessage(role: "system", content: content) }

    /// A message from the user.
    public static func user(_ content: String) -> ChatMessage { ChatMessage(role: "user", content: content) }

    /// An answer of the model.
    /// - Parameter reasoning: the model's reasoning before the answer, if known separately.
    public static func assistant(_ content: String, reasoning: String? = nil) -> ChatMessage {
        var message = ChatMessage(role: "assistant", content: content)
        message.reasoning = reasoning
        return message
    }

    /// A tool's result.
    /// - Parameter callID: the id of the tool call.
    public static func tool(_ content: String, callID: String? = nil) -> ChatMessage {
        var message = ChatMessage(role: "tool", content: content)
        if let callID { message.fields["tool_call_id"] = .string(callID) }
        return message
    }
}

extension ChatMessage {
    /// `system`, `user`, `assistant`, `tool` or another role that the template knows; "" if there is none.
    public var role: String {
        get { fields["role"]?.stringValue ?? "" }
        set { fields["role"] = .string(newValue) }
    }

    /// The text of the message: the content, or its text parts joined.
    public var content: String {
        get {
            guard let parts = fields["content"]?.arrayValue else { return fields["content"]?.stringValue ?? "" }
            return parts.compactMap { $0["type"] == "text" ? $0["text"]?.stringValue : nil }.joined()
        }
        set { fields["content"] = .string(newValue) }
    }

    /// The model's reasoning before the answer, if separate from the content (`reasoning_content`).
    public var reasoning: String? {
        get { fields["reasoning_content"]?.stringValue }
        set { fields["reasoning_content"] = newValue.map { .string($0) } }
    }

    /// The message as a JSON object.
    public var json: String { JSONValue.object(fields).text }
}

extension ChatMessage: Codable {
    /// Decodes any fields. Decoders such as Foundation's do not keep their order; `init(json:)` does.
    public init(from decoder: any Decoder) throws {
        guard let object = try JSONValue(from: decoder).objectValue, object["role"]?.stringValue != nil else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a message is an object with a role"))
        }
        fields = object
    }

    public func encode(to encoder: any Encoder) throws { try JSONValue.object(fields).encode(to: encoder) }
}

extension JSONValue {
    /// Parses JSON that is part of a chat; `what` names it in errors.
    /// - Throws: `TokenizerError.badChat` if it is not JSON.
    init(chat text: String, _ what: String) throws(TokenizerError) {
        do throws(JSONSyntaxError) {
            self = try JSONValue(parsing: Array(text.utf8), limits: .configuration)
        } catch {
            throw .badChat(problem: "\(what) is not JSON: \(error)")
        }
    }
}

extension ChatMessage {
    /// Creates an assistant message from a model's answer, for the next turn. If the template reads
    /// `reasoning_content`, finished reasoning goes there, split off at `</think>` as in Qwen 3's template.
    package init(answer: String, _ tokenizer: Tokenizer?, _ options: ChatOptions) {
        self.init(role: "assistant", content: answer)
        guard let parts = ThinkingAnswer(answer),
            (try? tokenizer?.templateMentions("reasoning_content", options)) == true
        else { return }
        content = parts.text
        reasoning = parts.reasoning
    }
}
