import Decoding

extension FinishReason {
    /// OpenAI's name. A full context counts as a length: OpenAI has no other name for it.
    var apiName: String { self == .stop ? "stop" : "length" }

    /// OpenAI's name for the end of a message, which may have called tools.
    func apiName(afterCalls: Bool) -> String { self == .stop && afterCalls ? "tool_calls" : apiName }
}
