import Decoding

/// A choice of a whole chat completion.
struct ChatChoice: Encodable {
    let index: Int
    let message: Message
    let tokenIDs: [Int]
    let logprobs: Nullable<ChatLogprobs>
    let finishReason: Nullable<String>
    let timings: Timings?

    private enum CodingKeys: String, CodingKey {
        case index, message
        case tokenIDs = "token_ids"
        case logprobs
        case finishReason = "finish_reason"
        case timings
    }

    struct Message: Encodable {
        let role = "assistant"
        let content: Nullable<String>
        let reasoning: String?
        let calls: [ToolCallDelta]?
        let refusal = Nullable<String>(nil)

        private enum CodingKeys: String, CodingKey {
            case role, content
            case reasoning = "reasoning_content"
            case calls = "tool_calls"
            case refusal
        }

        /// A message that only calls tools has no content.
        init(_ whole: ChatDelta) {
            (reasoning, calls) = (whole.reasoning, whole.calls)
            content = Nullable(whole.content ?? (whole.calls == nil ? "" : nil))
        }
    }
}
