/// One turn of a chat.
public struct ChatMessage: Codable, Sendable, Equatable {
    /// `system`, `user` or `assistant`.
    public var role: String
    /// What was said.
    public var content: String

    /// A turn of the given role.
    public init(role: String, content: String) {
        self.role = role
        self.content = content
    }

    /// What the model is told before the conversation.
    public static func system(_ content: String) -> ChatMessage { ChatMessage(role: "system", content: content) }

    /// What the person says.
    public static func user(_ content: String) -> ChatMessage { ChatMessage(role: "user", content: content) }

    /// What the model answered.
    public static func assistant(_ content: String) -> ChatMessage { ChatMessage(role: "assistant", content: content) }
}
