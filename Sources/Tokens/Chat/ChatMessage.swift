import JSON

/// One turn of a chat, with every field that the model's template may read.
///
/// Fields keep their order where a message was read by `init(json:)`: templates that print tool calls print them so.
public struct ChatMessage: Sendable, Equatable {
    /// What the template sees, `null` fields left out.
    package var fields: JSONObject

    /// A turn of the given role.
    public init(role: String, content: String) { fields = ["role": .string(role), "content": .string(content)] }

    package init(fields: JSONObject) { self.fields = fields }

    /// A turn written as a JSON object: `role`, `content` as text or parts, and whatever else the template reads, such as
    /// `reasoning_content`, `tool_calls`, `tool_call_id` and `name`.
    /// - Throws: `TokenizerError.badChat` where `json` is not an object.
    public init(json: String) throws(TokenizerError) {
        guard let object = try JSONValue(chat: json, "the message").objectValue else {
            throw .badChat(problem: "the message is not a JSON object")
        }
        self.init(fields: object)
    }

    /// What the model is told before the conversation.
    public static func system(_ content: String) -> ChatMessage { ChatMessage(role: "system", content: content) }

    /// What the person says.
    public static func user(_ content: String) -> ChatMessage { ChatMessage(role: "user", content: content) }

    /// What the model answered.
    /// - Parameter reasoning: what it thought before, where that is known apart.
    public static func assistant(_ content: String, reasoning: String? = nil) -> ChatMessage {
        var message = ChatMessage(role: "assistant", content: content)
        message.reasoning = reasoning
        return message
    }

    /// A tool's result.
    /// - Parameter callID: the call that it answers.
    public static func tool(_ content: String, callID: String? = nil) -> ChatMessage {
        var message = ChatMessage(role: "tool", content: content)
        if let callID { message.fields["tool_call_id"] = .string(callID) }
        return message
    }
}

extension ChatMessage {
    /// `system`, `user`, `assistant`, `tool`, or what else the template knows; "" where there is none.
    public var role: String {
        get { fields["role"]?.stringValue ?? "" }
        set { fields["role"] = .string(newValue) }
    }

    /// What was said: the content, or its parts of type text behind one another.
    public var content: String {
        get {
            guard let parts = fields["content"]?.arrayValue else { return fields["content"]?.stringValue ?? "" }
            return parts.compactMap { $0["type"] == "text" ? $0["text"]?.stringValue : nil }.joined()
        }
        set { fields["content"] = .string(newValue) }
    }

    /// What the model thought before it answered, where it is apart from the content (`reasoning_content`).
    public var reasoning: String? {
        get { fields["reasoning_content"]?.stringValue }
        set { fields["reasoning_content"] = newValue.map { .string($0) } }
    }

    /// The whole message as a JSON object.
    public var json: String { JSONValue.object(fields).text }
}

extension ChatMessage: Codable {
    /// Takes any fields. A decoder such as Foundation's gives them in no particular order; `init(json:)` keeps it.
    public init(from decoder: any Decoder) throws {
        guard let object = try CodableJSON(from: decoder).value.objectValue, object["role"]?.stringValue != nil else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a message is an object with a role"))
        }
        fields = object
    }

    public func encode(to encoder: any Encoder) throws { try CodableJSON(value: .object(fields)).encode(to: encoder) }
}

extension JSONValue {
    /// Reads a text that belongs to a chat.
    /// - Throws: `TokenizerError.badChat` where it is not JSON.
    init(chat text: String, _ what: String) throws(TokenizerError) {
        do throws(JSONSyntaxError) {
            self = try JSONValue(parsing: Array(text.utf8), limits: .configuration)
        } catch {
            throw .badChat(problem: "\(what) is not JSON: \(error)")
        }
    }
}

extension ChatMessage {
    /// What a model wrote, as its next turn is to see it: where the template reads `reasoning_content`, a finished thought
    /// goes there, cut off at `</think>` as Qwen 3's template cuts it.
    package init(answer: String, _ tokenizer: Tokenizer?, _ options: ChatOptions) {
        self.init(role: "assistant", content: answer)
        guard let parts = ThinkingAnswer(answer),
            (try? tokenizer?.templateMentions("reasoning_content", options)) == true
        else { return }
        content = parts.text
        reasoning = parts.reasoning
    }
}
