/// `logprobs` of a completion: four lists of the same length.
struct CompletionLogprobs: Encodable {
    private(set) var tokens: [String] = []
    /// nil for a text's first token.
    private(set) var tokenLogprobs: [Double?] = []
    private(set) var topLogprobs: [LogprobsByText?] = []
    /// Where each token begins in the text, in Unicode scalars.
    private(set) var textOffset: [Int] = []
    private var length = 0

    private enum CodingKeys: String, CodingKey {
        case tokens
        case tokenLogprobs = "token_logprobs"
        case topLogprobs = "top_logprobs"
        case textOffset = "text_offset"
    }

    /// - Parameter length: Unicode scalars that the token adds to the text.
    mutating func add(_ name: String, length scalarCount: Int, logprob: Double?, top: LogprobsByText?) {
        tokens.append(name)
        tokenLogprobs.append(logprob)
        topLogprobs.append(top)
        textOffset.append(length)
        length += scalarCount
    }
}
