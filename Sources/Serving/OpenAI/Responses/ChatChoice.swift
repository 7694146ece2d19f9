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
        let content: String
        let refusal = Nullable<String>(nil)
    }
}
