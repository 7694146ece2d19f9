import Decoding

/// The events of a job, delivered in this order: the prompt, tokens, and one end.
package enum JobEvent: Sendable {
    /// The most likely tokens, and the prompt's own, at each position of the prompt except the first.
    case prompt([[TokenLogprob]])
    case token(GeneratedToken)
    case finished(JobSummary)
    /// The job could not begin, or its logits or cache entries were not finite.
    case failed(any Error)
}
