import Decoding

/// How long a choice waited, read its prompt and decoded.
struct Timings: Encodable {
    let waitSeconds: Double
    let promptSeconds: Double
    let decodeSeconds: Double
    let tokensPerSecond: Double
    /// Drafts, and how many of them became tokens; nil for a plan that drafts nothing.
    let draftedTokens: Int?
    let acceptedTokens: Int?
    /// The share of tokens that vanilla would have chosen, among `meteredTokens`; nil if none was compared.
    let agreement: Double?
    let meteredTokens: Int?

    private enum CodingKeys: String, CodingKey {
        case waitSeconds = "wait_seconds"
        case promptSeconds = "prompt_seconds"
        case decodeSeconds = "decode_seconds"
        case tokensPerSecond = "tokens_per_second"
        case draftedTokens = "drafted_tokens"
        case acceptedTokens = "accepted_tokens"
        case agreement
        case meteredTokens = "metered_tokens"
    }

    init(_ summary: JobSummary) {
        waitSeconds = summary.waitSeconds
        promptSeconds = summary.promptSeconds
        decodeSeconds = summary.decodeSeconds
        tokensPerSecond = summary.tokensPerSecond
        let isDrafted = summary.drafts.draftedTotal > 0
        draftedTokens = isDrafted ? summary.drafts.draftedTotal : nil
        acceptedTokens = isDrafted ? summary.drafts.acceptedTotal : nil
        let meter = summary.agreement.flatMap { $0.total > 0 ? $0 : nil }
        agreement = meter?.share
        meteredTokens = meter?.total
    }
}
