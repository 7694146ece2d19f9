import Decoding

/// The token counts and times of a job.
package struct JobSummary: Sendable, Equatable {
    package let finishReason: FinishReason
    package let promptTokens: Int
    /// Prompt tokens whose keys and values came from another request, as far as the client may know.
    package let reusedTokens: Int
    package let generatedTokens: Int
    package let drafts: DraftCounts
    /// How often vanilla would have chosen the same tokens; nil unless metered.
    package let agreement: Agreement?
    /// Seconds from the job's arrival to the first pass over its prompt.
    package let waitSeconds: Double
    /// Seconds from the first pass to the first token.
    package let promptSeconds: Double
    /// Seconds from the first token to the last.
    package let decodeSeconds: Double

    /// Decoding speed, without the prompt and the first token.
    package var tokensPerSecond: Double {
        decodeSeconds > 0 ? Double(max(generatedTokens - 1, 0)) / decodeSeconds : 0
    }
}
