/// What a message gains: text, reasoning and calls.
struct ChatDelta: Encodable {
    var role: String?
    var content: String?
    var reasoning: String?
    var calls: [ToolCallDelta]?

    private enum CodingKeys: String, CodingKey {
        case role, content
        case reasoning = "reasoning_content"
        case calls = "tool_calls"
    }

    init(role: String? = nil, content: String? = nil) {
        (self.role, self.content) = (role, content)
    }

    /// - Parameter callCount: the calls that have begun, these included afterwards.
    init(_ pieces: [AnswerPiece], callCount: inout Int) {
        var calls: [ToolCallDelta] = []
        for piece in pieces {
            switch piece {
            case .content(let text): content = (content ?? "") + text
            case .reasoning(let text): reasoning = (reasoning ?? "") + text
            case .call(let name):
                callCount += 1
                calls.append(ToolCallDelta(index: callCount - 1, id: ToolCallDelta.newID(), name: name))
            case .arguments(let text):
                if calls.last == nil { calls.append(ToolCallDelta(index: callCount - 1, id: nil, name: nil)) }
                calls[calls.count - 1].arguments += text
            }
        }
        self.calls = calls.isEmpty ? nil : calls
    }
}

/// What a call gains: its id and name at first, then its arguments.
struct ToolCallDelta: Encodable {
    let index: Int
    let id: String?
    let name: String?
    var arguments = ""

    private enum CodingKeys: String, CodingKey {
        case index, id, type, function
    }

    private struct Function: Encodable {
        let name: String?
        let arguments: String
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(index, forKey: .index)
        try container.encodeIfPresent(id, forKey: .id)
        if id != nil { try container.encode("function", forKey: .type) }
        try container.encode(Function(name: name, arguments: arguments), forKey: .function)
    }

    static func newID() -> String { "call_" + String(UInt64.random(in: .min ... .max), radix: 36) }
}
