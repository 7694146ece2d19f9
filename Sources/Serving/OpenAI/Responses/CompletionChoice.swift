/// A choice of a completion, whole or in an event of a stream.
struct CompletionChoice: Encodable {
    let index: Int
    let text: String
    var tokenIDs: [Int]?
    let logprobs: Nullable<CompletionLogprobs>
    var cycleIndex: Int?
    var finishReason = Nullable<String>(nil)
    var timings: Timings?

    private enum CodingKeys: String, CodingKey {
        case index, text
        case tokenIDs = "token_ids"
        case logprobs
        case cycleIndex = "cycle_place"
        case finishReason = "finish_reason"
        case timings
    }
}
