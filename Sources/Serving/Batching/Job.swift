import Decoding
import Synchronization

/// One text to be generated, on its way through the server.
package final class Job: Sendable {
    package let prompt: [Int]
    package let plan: any DecodePlan
    package let options: GenerationOptions
    /// Reports the prompt's own tokens with this many most likely ones beside each; nil reports none.
    package let promptLogprobCount: Int?
    package let submitted = ContinuousClock.now
    /// Takes what comes of it, on the engine's thread: it must not wait.
    let deliver: @Sendable (JobEvent) -> Void
    private let cancelled = Atomic(false)

    package init(
        prompt: [Int], plan: any DecodePlan, options: GenerationOptions, promptLogprobCount: Int? = nil,
        deliver: @escaping @Sendable (JobEvent) -> Void
    ) {
        self.prompt = prompt
        self.plan = plan
        self.options = options
        self.promptLogprobCount = promptLogprobCount
        self.deliver = deliver
    }

    /// Ends it before the next pass, wherever it is.
    package func cancel() { cancelled.store(true, ordering: .relaxed) }

    package var isCancelled: Bool { cancelled.load(ordering: .relaxed) }
}

/// What a job's owner hears, in this order: prompt, tokens, and one end.
package enum JobEvent: Sendable {
    /// The most likely tokens at each position of the prompt but the first, and the prompt's own.
    case prompt([[TokenLogprob]])
    case token(GeneratedToken)
    case finished(JobSummary)
    /// The model gave logits that are no numbers.
    case failed(any Error)
}

/// What a job took.
package struct JobSummary: Sendable, Equatable {
    package let finishReason: FinishReason
    package let promptTokens: Int
    /// Of the prompt, those that an earlier request had read.
    package let reusedTokens: Int
    package let generatedTokens: Int
    /// From its arrival to the first pass over its prompt.
    package let waitSeconds: Double
    /// From its first pass to its first token.
    package let promptSeconds: Double
    /// From its first token to its last.
    package let decodeSeconds: Double

    /// Decoding speed, the prompt and the first token left out.
    package var tokensPerSecond: Double {
        decodeSeconds > 0 ? Double(max(generatedTokens - 1, 0)) / decodeSeconds : 0
    }
}
