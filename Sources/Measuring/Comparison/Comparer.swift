import Decoding
import Foundation
import Models
import Tensors
import Tokens

/// Answers prompts with several plans of one model, and with its baseline for vanilla. Generators are reused.
package final class Comparer {
    private let models: ComparedModels
    private let plans: [any DecodePlan]
    private let examiner: Examiner
    private let memory: MemoryBandwidth
    private let options: SessionOptions

    /// - Parameter maximumTokens: maximum number of tokens of an answer.
    /// - Throws: `GenerationError`, `SessionError` or `ThreadRefusal`.
    package init(
        _ models: ComparedModels, plans: [any DecodePlan], options: SessionOptions,
        maximumTokens: Int
    ) throws {
        self.models = models
        self.plans = plans
        examiner = try Examiner(models, options: options, maximumTokens: maximumTokens)
        memory = try MemoryBandwidth(threadCount: options.threadCount)
        self.options = options
    }

    /// Answers `prompt` with every plan, interleaved: one round to warm up, then `rounds` timed rounds.
    ///
    /// - Parameter isCancelled: called before each answer.
    /// - Throws: `GenerationError`, `SessionError`, `SamplingError`, or `CancellationError`.
    package func compare(_ prompt: String, rounds: Int, isCancelled: () -> Bool) throws -> Comparison {
        let ids = try examiner.prompt([ChatMessage(role: "user", content: prompt)])
        func answer(_ plan: any DecodePlan) throws -> Examiner.Answer {
            if isCancelled() { throw CancellationError() }
            return try examiner.answer(ids, plan)
        }
        let first = try plans.map { try answer($0) }
        var comparison = Comparison(
            prompt: prompt, promptTokenCount: ids.count, answers: try described(first, prompt: ids))
        for round in 0..<rounds {
            let bandwidth = memory.measure()
            var statistics = first.map(\.statistics)
            // Each round begins with another plan.
            for index in plans.indices {
                let number = (index + round) % plans.count
                statistics[number] = try answer(plans[number]).statistics
            }
            comparison.take(statistics, bandwidth: bandwidth)
        }
        return comparison
    }

    /// The answers with everything except their speed.
    private func described(_ answers: [Examiner.Answer], prompt: [Int]) throws -> [Comparison.Answer] {
        let vanilla = plans.firstIndex(where: \.isVanilla)
        return try zip(plans, answers).map { plan, answer in
            let ids = answer.tokens.map(\.id)
            let predictions = try examiner.predictions(
                Examiner.Question(prompt: prompt, reference: ids), .vanilla
            ).tokens
            let losses = predictions.map(\.loss)
            let agreeing = zip(ids, predictions).count { $0 == $1.likeliest }
            let position = Double(prompt.count) + Double(ids.count) / 2
            let vanillaBytes = ByteRoofline(models.vanilla.stack, kvFormat: options.kvFormat)
                .bytesPerToken(factor: nil, depth: options.positionsSeen(of: position))
            let bytes = bytesPerToken(of: answer, plan, position: position, promptCount: prompt.count)
            let label = PlanLabel(plan)
            return Comparison.Answer(
                plan: label, text: answer.text, tokens: answer.tokens, passes: answer.statistics.passes,
                drafts: answer.statistics.drafts,
                agreement: ids.isEmpty ? 1 : Double(agreeing) / Double(ids.count),
                readsWholePasses: plan.byteCost == .wholePasses,
                bytesPerToken: bytes, limitOfSpeedup: bytes.map { vanillaBytes / $0 },
                perplexity: Self.perplexity(losses),
                difference: label.isVanilla
                    ? nil
                    : vanilla.map {
                        Comparison.Difference(of: answer.tokens, from: answers[$0].tokens, losses: losses)
                    })
        }
    }

    /// Bytes per token of the plan, or of this answer if they depend on it; nil if unknown.
    private func bytesPerToken(of answer: Examiner.Answer, _ plan: any DecodePlan, position: Double, promptCount: Int)
        -> Double?
    {
        let depth = options.positionsSeen(of: position)
        let stack = plan.model(from: models.model(for: plan)).stack
        let roofline = ByteRoofline(stack, kvFormat: options.kvFormat)
        switch plan.byteCost {
        case .wholePasses:
            return roofline.bytesPerToken(plan, position: position, promptCount: promptCount, options: options)
        case .passes(let source):
            let (passes, count) = (answer.statistics.passes, answer.statistics.decodeTokens)
            return count > 0
                ? roofline.bytesPerToken(passes, drafting: source, tokenCount: count, depth: depth) : nil
        case .layerShares:
            guard answer.depths.positionCount > 0 else { return nil }
            return stack.bytesPerToken(
                plan.layers, shares: answer.depths.runShares, depth: depth, kvFormat: options.kvFormat)
        case .unknown: return nil
        }
    }

    private static func perplexity(_ losses: [Double]) -> Double {
        losses.isEmpty ? 1 : exp(losses.reduce(0, +) / Double(losses.count))
    }
}

extension Comparison {
    /// Adds one round's times.
    fileprivate mutating func take(_ statistics: [GenerationStatistics], bandwidth bytesPerSecond: Double) {
        bandwidth.append(bytesPerSecond)
        let vanilla = answers.firstIndex(where: \.plan.isVanilla).map { statistics[$0].tokensPerSecond }
        for (number, statistics) in statistics.enumerated() {
            answers[number].firstTokenSeconds.append(statistics.prefillSeconds)
            let speed = statistics.tokensPerSecond
            guard speed > 0 else { continue }
            answers[number].speed.append(speed)
            if let bytes = answers[number].bytesPerToken {
                answers[number].efficiency.append(speed * bytes / bytesPerSecond)
            }
            if let vanilla, vanilla > 0 { answers[number].speedup.append(speed / vanilla) }
        }
    }
}
