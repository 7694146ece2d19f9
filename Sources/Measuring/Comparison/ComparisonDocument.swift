import Decoding
import Foundation

/// Comparisons as one JSON document.
package struct ComparisonDocument {
    private let contents: Contents

    package init(_ comparisons: [Comparison], _ setting: ComparisonSetting) {
        contents = Contents(
            version: setting.version, model: setting.model, baseline: setting.baseline, formats: setting.formats,
            processor: setting.processor,
            instructionSet: setting.instructionSet, threads: setting.threads, rounds: setting.rounds,
            comparisons: comparisons.map { comparison in
                Contents.Compared(
                    prompt: comparison.prompt, promptTokens: comparison.promptTokenCount,
                    bandwidthBytesPerSecond: comparison.bandwidth.values,
                    answers: comparison.answers.map(Contents.Answer.init))
            })
    }

    package func json() throws -> String { try contents.jsonDocument() }
}

private struct Contents: Encodable {
    let version: String
    let model: String
    /// The model that runs vanilla, if it is another one.
    let baseline: String?
    let formats: [String]
    let processor: String
    let instructionSet: String
    let threads: Int
    let rounds: Int
    let comparisons: [Compared]

    struct Compared: Encodable {
        let prompt: String
        let promptTokens: Int
        let bandwidthBytesPerSecond: [Double]
        let answers: [Answer]
    }

    struct Answer: Encodable {
        let mtd: String
        /// The name of a plan that is not a factor.
        let plan: String?
        let text: String
        let tokens: [Int]
        /// Cycle indices; null for the token that the prompt's pass emits, and for plans without cycles.
        let cyclePlaces: [Int?]
        let tokensPerSecond: [Double]
        let speedup: [Double]
        let limitOfSpeedup: Double?
        let efficiency: [Double]
        let trunkPasses: Int
        let headPasses: Int
        /// Drafts, and how many of them became tokens, by place; absent for plans that draft nothing.
        let drafted: [Int]?
        let accepted: [Int]?
        /// The share of tokens that vanilla would have chosen after the same text.
        let agreement: Double
        let firstTokenSeconds: [Double]
        let perplexity: Double
        let equalShare: Double?
        let firstDifference: Divergence?

        init(_ answer: Comparison.Answer) {
            mtd = answer.plan.mtd
            plan = answer.plan.ownName
            text = answer.text
            tokens = answer.tokens.map(\.id)
            cyclePlaces = answer.tokens.map(\.cycleIndex)
            tokensPerSecond = answer.speed.values
            speedup = answer.speedup.values
            limitOfSpeedup = answer.limitOfSpeedup
            efficiency = answer.efficiency.values
            trunkPasses = answer.passes.trunkPasses
            headPasses = answer.passes.headPasses
            drafted = answer.drafts.draftedTotal > 0 ? answer.drafts.drafted : nil
            accepted = answer.drafts.draftedTotal > 0 ? answer.drafts.accepted : nil
            agreement = answer.agreement
            firstTokenSeconds = answer.firstTokenSeconds.values
            perplexity = answer.perplexity
            equalShare = answer.difference?.equalShare
            firstDifference = answer.difference?.first.map(Divergence.init)
        }
    }

    struct Divergence: Encodable {
        let place: Int
        let vanilla: Int?
        let found: Int?
        let logprob: Double?

        init(_ divergence: Comparison.Divergence) {
            place = divergence.place
            vanilla = divergence.expected?.id
            found = divergence.found?.id
            logprob = divergence.logprob
        }
    }
}
