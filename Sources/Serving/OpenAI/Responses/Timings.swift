/// How long a choice waited, read its prompt and decoded.
struct Timings: Encodable {
    let waitSeconds: Double
    let promptSeconds: Double
    let decodeSeconds: Double
    let tokensPerSecond: Double

    private enum CodingKeys: String, CodingKey {
        case waitSeconds = "wait_seconds"
        case promptSeconds = "prompt_seconds"
        case decodeSeconds = "decode_seconds"
        case tokensPerSecond = "tokens_per_second"
    }

    init(_ summary: JobSummary) {
        waitSeconds = summary.waitSeconds
        promptSeconds = summary.promptSeconds
        decodeSeconds = summary.decodeSeconds
        tokensPerSecond = summary.tokensPerSecond
    }
}
