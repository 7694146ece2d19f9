public import Decoding

/// One prompt answered by several plans, and what tells the answers apart.
public struct Comparison: Sendable {
    public let prompt: String
    public let promptTokenCount: Int
    /// Bytes a second that all threads read from memory together, in the same rounds.
    public internal(set) var bandwidth = Samples()
    /// One for each plan, in their order.
    public internal(set) var answers: [Answer]

    /// What a plan made of the prompt, greedily.
    public struct Answer: Sendable {
        /// `off` or a factor.
        public let name: String
        public let text: String
        public let tokens: [GeneratedToken]
        /// Of the decoding, the prompt's left out.
        public let passes: PassCounts
        /// Bytes that a token must read, on average.
        public let bytesPerToken: Double
        /// Over vanilla, were bytes all that counts.
        public let limitOfSpeedup: Double
        /// Of the text, under vanilla decoding: e to the mean loss of its tokens.
        public let perplexity: Double
        /// What differs from vanilla's answer; nil for vanilla, and where vanilla was not asked for.
        public internal(set) var difference: Difference?
        /// Tokens a second, round by round; none of an answer of one token.
        public internal(set) var speed = Samples()
        /// Over vanilla in the same round; none without vanilla.
        public internal(set) var speedup = Samples()
        /// Of the byte limit, the share that is reached.
        public internal(set) var efficiency = Samples()
        /// From the prompt to its first token.
        public internal(set) var firstTokenSeconds = Samples()
    }

    /// An answer held against vanilla's, token by token.
    public struct Difference: Sendable {
        /// Places that hold the same token, over those of the longer answer.
        public let equalShare: Double
        /// Where the answers part; nil where they do not.
        public let first: Parting?

        public var isNone: Bool { first == nil }
    }

    /// Where two answers part.
    public struct Parting: Sendable, Equatable {
        /// Tokens before it, which are the same.
        public let place: Int
        /// What vanilla has there; nil where its answer is over.
        public let expected: GeneratedToken?
        /// What the other has there; nil where its answer is over.
        public let found: GeneratedToken?
        /// Vanilla's logarithm of the probability of `found`.
        public let logprob: Double?
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
