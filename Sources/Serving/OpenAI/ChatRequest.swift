import Decoding
import JSON
import Tokens

/// `POST /v1/chat/completions`.
struct ChatRequest {
    let prompt: [Int]
    let answer: AnswerFields
    /// Most likely tokens beside each one; nil for none.
    let logprobCount: Int?

    init(_ body: [UInt8], _ server: ServedModel) throws(APIError) {
        var fields = try RequestFields(body)
        for name in ["tools", "functions"] { try fields.refuse(name, unless: .array([])) }
        for name in ["tool_choice", "function_call"] { try fields.refuse(name, unless: "none", "auto") }
        for name in ["audio", "prediction", "web_search_options", "reasoning_effort", "verbosity"] {
            try fields.refuse(name)
        }
        try fields.refuse("modalities", unless: ["text"])
        try fields.refuse("response_format", unless: ["type": "text"])
        fields.ignore("parallel_tool_calls")
        answer = try AnswerFields(
            &fields, server, maximumTokens: .max, lengthNames: ["max_tokens", "max_completion_tokens"])
        let wantsLogprobs = try fields.truth("logprobs") ?? false
        let top = try fields.count("top_logprobs", in: 0...20)
        guard wantsLogprobs || top ?? 0 == 0 else {
            throw .invalid("top_logprobs needs logprobs; set logprobs to true", field: "top_logprobs")
        }
        logprobCount = wantsLogprobs ? top ?? 0 : nil
        let thinking = try fields.truth("enable_thinking")
        let messages = try Self.messages(fields.value("messages"))
        try fields.refuseOthers()
        prompt = try server.tokens(of: messages, thinking: thinking)
        try server.check(prompts: [prompt], choicesOfEach: answer.choiceCount)
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
        guard let role = value["role"]?.stringValue else {
            throw .invalid("\(place) has no role; give system, user or assistant", field: place)
        }
        let known = ["role", "content", "name", "refusal", "annotations"]
        if let other = value.objectValue?.first(where: { !known.contains($0.name) && !$0.value.isNull }) {
            throw .invalid("\(place).\(other.name) is not implemented; leave it out", field: place)
        }
        guard let content = value["content"].flatMap(text) else {
            throw .invalid("\(place).content is no text; give a string or parts of type text", field: place)
        }
        // The newer name of the system's role.
        return ChatMessage(role: role == "developer" ? "system" : role, content: content)
    }

    /// A string, or parts of type text behind one another.
    private static func text(_ value: JSONValue) -> String? {
        guard let parts = value.arrayValue else { return value.stringValue }
        let texts = parts.compactMap { $0["type"] == "text" ? $0["text"]?.stringValue : nil }
        return texts.count == parts.count ? texts.joined() : nil
    }
}
