import Decoding

extension FinishReason {
    /// OpenAI's name. A full context counts as a length: OpenAI has no other name for it.
    var apiName: String { self == .stop ? "stop" : "length" }
}
