import JSON
import Tokens

extension ChatMessage {
    var hasParts: Bool { fields["content"]?.arrayValue != nil }

    /// The message with its text parts joined, for templates that read content only as text.
    var joined: ChatMessage {
        guard hasParts else { return self }
        var message = self
        message.content = content
        return message
    }
}
