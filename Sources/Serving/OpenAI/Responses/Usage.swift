/// Token counts of a request.
struct Usage: Encodable {
    let promptTokens: Int
    let completionTokens: Int
    let totalTokens: Int
    let promptTokensDetails: PromptDetails

    private enum CodingKeys: String, CodingKey {
        case promptTokens = "prompt_tokens"
        case completionTokens = "completion_tokens"
        case totalTokens = "total_tokens"
        case promptTokensDetails = "prompt_tokens_details"
    }

    struct PromptDetails: Encodable {
        /// Prompt tokens reused from other requests.
        let cachedTokens: Int

        private enum CodingKeys: String, CodingKey {
            case cachedTokens = "cached_tokens"
        }
    }

    /// Counts each prompt once, however many choices it has.
    init(_ records: [ChoiceRecord]) {
        var promptTokens = 0
        for (index, record) in records.enumerated() where index == 0 || record.prompt != records[index - 1].prompt {
            promptTokens += record.prompt.count
        }
        self.promptTokens = promptTokens
        completionTokens = records.reduce(0) { $0 + $1.tokens.count }
        totalTokens = promptTokens + completionTokens
        let cachedTokens = records.reduce(0) { $0 + ($1.summary?.reusedTokens ?? 0) }
        promptTokensDetails = PromptDetails(cachedTokens: cachedTokens)
    }
}
