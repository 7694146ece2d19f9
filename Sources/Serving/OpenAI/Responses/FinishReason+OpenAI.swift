import Decoding

extension FinishReason {
    /// OpenAI's word. It has none for a full context, which is a length too.
    var apiName: String { self == .stop ? "stop" : "length" }
}
