import Decoding
import Foundation
import Models
import Tensors
import Tokens

/// Puts prompts to several plans: one model and one session, used again and again.
package final class Comparer {
    private let plans: [(name: String, plan: any DecodePlan)]
    private let examiner: Examiner
    private let memory: MemoryBandwidth
    private let roofline: ByteRoofline

    /// - Parameters:
    ///   - plans: with the names they are shown by; vanilla is `off`.
    ///   - maximumTokens: of an answer.
    /// - Throws: `GenerationError` or `SessionError`.
    package init(
        _ model: Model, plans: [(name: String, plan: any DecodePlan)], options: SessionOptions,
        maximumTokens: Int
    ) throws {
        self.plans = plans
        examiner = try Examiner(model, options: options, maximumTokens: maximumTokens)
        memory = MemoryBandwidth(threadCount: options.threadCount)
        roofline = ByteRoofline(model.stack, kvFormat: options.kvFormat)
    }

    /// Answers `prompt` with every plan in turns: one round to warm up, then `rounds` that are timed.
    ///
    /// - Parameter isCancelled: looked at before each answer.
    /// - Throws: `GenerationError`, `SessionError`, `SamplingError`, or `CancellationError`.
    package func compare(_ prompt: String, rounds: Int, isCancelled: () -> Bool) throws -> Comparison {
        let ids = try examiner.prompt([ChatMessage(role: "user", content: prompt)])
        func answer(_ plan: any DecodePlan) throws -> Examiner.Answer {
            if isCancelled() { throw CancellationError() }
            return try examiner.answer(ids, plan)
        }
        let first = try plans.map { try answer($0.plan) }
        var comparison = Comparison(
            prompt: prompt, promptTokenCount: ids.count, answers: try described(first, prompt: ids))
        for round in 0..<rounds {
            let bandwidth = memory.measure()
            var statistics = first.map(\.statistics)
            // Plans take turns in going first.
            for place in plans.indices {
                let number = (place + round) % plans.count
                statistics[number] = try answer(plans[number].plan).statistics
            }
            comparison.take(statistics, bandwidth: bandwidth)
        }
        return comparison
    }

    /// Everything about the answers but their speed.
    private func described(_ answers: [Examiner.Answer], prompt: [Int]) throws -> [Comparison.Answer] {
        let vanilla = plans.firstIndex { $0.name == "off" }
        return try zip(plans, answers).map { plan, answer in
            let ids = answer.tokens.map(\.id)
            let losses = try examiner.predictions(Examiner.Question(prompt: prompt, reference: ids), .vanilla)
                .map(\.loss)
            let depth = Double(prompt.count) + Double(ids.count) / 2
            func bytes(_ plan: any DecodePlan) -> Double {
                roofline.bytesPerToken(factor: (plan as? MultiTokenPlan)?.factor, depth: depth)
            }
            return Comparison.Answer(
                name: plan.name, text: answer.text, tokens: answer.tokens, passes: answer.statistics.passes,
                bytesPerToken: bytes(plan.plan), limitOfSpeedup: bytes(.vanilla) / bytes(plan.plan),
                perplexity: Self.perplexity(losses),
                difference: plan.name == "off"
                    ? nil
                    : vanilla.map {
                        Comparison.Difference(of: answer.tokens, from: answers[$0].tokens, losses: losses)
                    })
        }
    }

    private static func perplexity(_ losses: [Double]) -> Double {
        losses.isEmpty ? 1 : exp(losses.reduce(0, +) / Double(losses.count))
    }
}

extension Comparison {
    /// One round's times.
    fileprivate mutating func take(_ statistics: [GenerationStatistics], bandwidth bytesPerSecond: Double) {
        bandwidth.append(bytesPerSecond)
        let vanilla = answers.firstIndex { $0.name == "off" }.map { statistics[$0].tokensPerSecond }
        for (number, statistics) in statistics.enumerated() {
            answers[number].firstTokenSeconds.append(statistics.prefillSeconds)
            let speed = statistics.tokensPerSecond
            guard speed > 0 else { continue }
            answers[number].speed.append(speed)
            answers[number].efficiency.append(speed * answers[number].bytesPerToken / bytesPerSecond)
            if let vanilla, vanilla > 0 { answers[number].speedup.append(speed / vanilla) }
        }
    }
}
