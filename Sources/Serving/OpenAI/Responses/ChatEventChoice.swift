/// A choice in an event of a streamed chat completion.
struct ChatEventChoice: Encodable {
    let index: Int
    let delta: ChatDelta
    var tokenIDs: [Int]?
    var logprobs: Nullable<ChatLogprobs>?
    var cycleIndex: Int?
    var finishReason = Nullable<String>(nil)
    var timings: Timings?

    private enum CodingKeys: String, CodingKey {
        case index, delta
        case tokenIDs = "token_ids"
        case logprobs
        case cycleIndex = "cycle_place"
        case finishReason = "finish_reason"
        case timings
    }
}
