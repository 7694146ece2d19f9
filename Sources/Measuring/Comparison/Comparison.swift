import Decoding

/// One prompt answered by several plans, and what tells the answers apart.
package struct Comparison: Sendable {
    package let prompt: String
    package let promptTokenCount: Int
    /// Bytes a second that all threads read from memory together, in the same rounds.
    package internal(set) var bandwidth = Samples()
    /// One for each plan, in their order.
    package internal(set) var answers: [Answer]

    /// What a plan made of the prompt, greedily.
    package struct Answer: Sendable {
        package let plan: PlanLabel
        package let text: String
        package let tokens: [GeneratedToken]
        /// Of the decoding, the prompt's left out.
        package let passes: PassCounts
        /// Whether each of the passes reads its trunk or its head whole, as cycles ask for them.
        package let readsWholePasses: Bool
        /// Bytes that a token must read, on average; of a plan that skips or drafts what these tokens have read. Nil where
        /// that is not known: of cycles with skipped layers, and of an answer of one token by such a plan.
        package let bytesPerToken: Double?
        /// Over vanilla, were bytes all that counts; nil where they are not known.
        package let limitOfSpeedup: Double?
        /// Of the text, under vanilla decoding: e to the mean loss of its tokens.
        package let perplexity: Double
        /// What differs from vanilla's answer; nil for vanilla, and where vanilla was not asked for.
        package internal(set) var difference: Difference?
        /// Tokens a second, round by round; none of an answer of one token.
        package internal(set) var speed = Samples()
        /// Over vanilla in the same round; none without vanilla.
        package internal(set) var speedup = Samples()
        /// Of the byte limit, the share that is reached; none where there is no limit.
        package internal(set) var efficiency = Samples()
        /// From the prompt to its first token.
        package internal(set) var firstTokenSeconds = Samples()
    }

    /// An answer held against vanilla's, token by token.
    package struct Difference: Sendable {
        /// Places that hold the same token, over those of the longer answer.
        package let equalShare: Double
        /// Where the answers part; nil where they do not.
        package let first: Parting?

        package var isNone: Bool { first == nil }
    }

    /// Where two answers part.
    package struct Parting: Sendable, Equatable {
        /// Tokens before it, which are the same.
        package let place: Int
        /// What vanilla has there; nil where its answer is over.
        package let expected: GeneratedToken?
        /// What the other has there; nil where its answer is over.
        package let found: GeneratedToken?
        /// Vanilla's logarithm of the probability of `found`.
        package let logprob: Double?
    }
}

extension Comparison.Difference {
    /// - Parameter losses: vanilla's, of each token of `answer`, in nats.
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
        first = Comparison.Parting(
            place: same, expected: same < vanilla.count ? vanilla[same] : nil, found: isOver ? nil : answer[same],
            logprob: isOver ? nil : -losses[same])
    }
}
