import Decoding

/// The answers of several plans to one prompt, and how they differ.
package struct Comparison: Sendable {
    package let prompt: String
    package let promptTokenCount: Int
    /// Bytes per second that all threads read from memory together, measured in the same rounds.
    package internal(set) var bandwidth = Samples()
    /// One answer per plan, in the plans' order.
    package internal(set) var answers: [Answer]

    /// The greedy answer of one plan.
    package struct Answer: Sendable {
        package let plan: PlanLabel
        package let text: String
        package let tokens: [GeneratedToken]
        /// Passes of decoding, without those of the prompt.
        package let passes: PassCounts
        /// Drafts and how many of them became tokens.
        package let drafts: DraftCounts
        /// The share of tokens that vanilla would have chosen after the same text.
        package let agreement: Double
        /// Whether each pass reads all layers of the trunk or of the head.
        package let readsWholePasses: Bool
        /// Average bytes per token; for a plan that skips layers or drafts, those of this answer. Nil if unknown: for cycles
        /// with skipped layers, and for an answer of one token of a plan that skips or drafts.
        package let bytesPerToken: Double?
        /// The plan's roofline over that of vanilla; nil if the bytes are unknown.
        package let limitOfSpeedup: Double?
        /// The text's perplexity under vanilla decoding: e to the mean loss of its tokens.
        package let perplexity: Double
        /// The differences from vanilla's answer; nil for vanilla, and without vanilla.
        package internal(set) var difference: Difference?
        /// Tokens per second in each round; empty for an answer of one token.
        package internal(set) var speed = Samples()
        /// Speed over that of vanilla in the same round; empty without vanilla.
        package internal(set) var speedup = Samples()
        /// Speed over the roofline in the same round; empty without a roofline.
        package internal(set) var efficiency = Samples()
        /// Seconds from the prompt to the first token.
        package internal(set) var firstTokenSeconds = Samples()
    }

    /// The differences of an answer from vanilla's, token by token.
    package struct Difference: Sendable {
        /// The number of indices with the same token, over the length of the longer answer.
        package let equalShare: Double
        /// Where the answers diverge; nil if they are equal.
        package let first: Divergence?

        package var isNone: Bool { first == nil }
    }

    /// The first difference of two answers.
    package struct Divergence: Sendable, Equatable {
        /// The index of the first different token; the tokens before it are equal.
        package let place: Int
        /// Vanilla's token at this index; nil if its answer has ended.
        package let expected: GeneratedToken?
        /// The other answer's token at this index; nil if that answer has ended.
        package let found: GeneratedToken?
        /// The natural logarithm of the probability that vanilla gives to `found`.
        package let logprob: Double?
    }
}

extension Comparison.Difference {
    /// - Parameter losses: vanilla's loss of each token of `answer`, in nats.
    init(of answer: [GeneratedToken], from vanilla: [GeneratedToken], losses: [Double]) {
        let longer = max(answer.count, vanilla.count)
        let equal = zip(answer, vanilla).count { $0.id == $1.id }
        equalShare = longer == 0 ? 1 : Double(equal) / Double(longer)
        let same = zip(answer, vanilla).prefix { $0.id == $1.id }.count
        guard same < longer else {
            first = nil
            return
        }
        let isOver = same >= answer.count
        first = Comparison.Divergence(
            place: same, expected: same < vanilla.count ? vanilla[same] : nil, found: isOver ? nil : answer[same],
            logprob: isOver ? nil : -losses[same])
    }
}
