public import Decoding
import Models
import Tokens

/// One prompt answered by several plans.
public struct Comparison: Sendable {
    public let prompt: String
    /// One for each plan, in their order.
    public private(set) var answers: [Answer]

    /// What a plan made of the prompt, greedily.
    public struct Answer: Sendable {
        /// `off` or a factor.
        public let name: String
        public let text: String
        public let tokens: [Int]
        /// Decoding speed of each round, in tokens a second.
        public fileprivate(set) var rates: [Double] = []

        public var medianRate: Double { rates.isEmpty ? 0 : rates.sorted()[rates.count / 2] }
    }
}

extension Comparison {
    /// Answers `prompt` with every plan in turns: one round to warm up, then `rounds` that are timed.
    /// - Parameters:
    ///   - plans: with the names they are shown by.
    ///   - isCancelled: looked at before each answer.
    /// - Throws: `GenerationError`, `SessionError`, `SamplingError`, or `CancellationError`.
    public init(
        of language: LanguageModel, on prompt: String, plans: [(name: String, plan: any DecodePlan)],
        options: SessionOptions, maximumTokens: Int, rounds: Int, isCancelled: () -> Bool
    ) throws {
        self.prompt = prompt
        let examiner = try Examiner(language, options: options, maximumTokens: maximumTokens)
        let ids = try examiner.prompt([ChatMessage(role: "user", content: prompt)])
        func answer(_ plan: any DecodePlan) throws -> Examiner.Answer {
            if isCancelled() { throw CancellationError() }
            return try examiner.answer(ids, plan)
        }
        answers = try plans.map { name, plan in
            let first = try answer(plan)
            return Answer(name: name, text: first.text, tokens: first.tokens)
        }
        for round in 0..<rounds {
            // Plans take turns in going first.
            for place in plans.indices {
                let number = (place + round) % plans.count
                let rate = try answer(plans[number].plan).statistics.tokensPerSecond
                if rate > 0 { answers[number].rates.append(rate) }
            }
        }
    }
}
