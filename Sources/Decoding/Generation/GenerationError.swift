public import Foundation

/// Why a generation cannot begin, in one sentence.
public enum GenerationError: Error, Equatable, CustomStringConvertible {
    /// `GenerationOptions.maximumTokens` is negative.
    case maximumTokens(Int)
    /// `GenerationOptions.thinkingBudget` is below 1.
    case thinkingBudget(Int)
    /// A stop string is empty.
    case emptyStop
    /// `GenerationOptions.logprobCount` is not from 0 to 1024.
    case logprobCount(Int)
    /// The checkpoint has no tokenizer. Texts, chats and stop strings need one.
    case noTokenizer(model: String)
    /// The checkpoint has no chat template.
    case noChatTemplate(model: String)
    /// `GenerationOptions.isMetered` is set for a plan that never computes vanilla's logits.
    case notMetered(plan: String)
    /// `GenerationOptions.verifyRule` is `distribution` for a plan whose choices depend on measured times: a seed would not repeat the
    /// text.
    case unrepeatable(plan: String)
    /// A generation was given a second iterator.
    case iteratedTwice

    public var description: String {
        switch self {
        case .maximumTokens(let count): "the most tokens to generate is \(count); give 0 or a positive number"
        case .thinkingBudget(let count): "the thinking budget is \(count) tokens; give at least 1"
        case .emptyStop: "a stop string is empty; give at least one character"
        case .logprobCount(let count): "the number of logprobs is \(count); give a number from 0 to 1024"
        case .noTokenizer(let model):
            "\(model) has no tokenizer.json, so it cannot read or write text; give --prompt-ids, or add the file"
        case .noChatTemplate(let model):
            "\(model) has no chat template; use --raw, or a model that was trained for conversation"
        case .notMetered(let plan):
            "\(plan) never computes what vanilla would choose, so it cannot be metered; give --head-history refreshed with a factor "
                + "or adaptive cycles"
        case .unrepeatable(let plan):
            "\(plan) chooses by measured times, so a seed would not repeat a text of verify rule distribution; give exact, or one plan"
        case .iteratedTwice:
            "the generation was iterated before; ask the session for another"
        }
    }
}

extension GenerationError: LocalizedError {
    /// The same sentence as `description`.
    public var errorDescription: String? { description }
}
