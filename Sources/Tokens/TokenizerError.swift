public import Foundation

/// An error in a tokenizer's files or in a chat: one sentence with the place, what was found and what to do.
public enum TokenizerError: Error, Sendable, Equatable {
    /// A required file cannot be read.
    case unreadable(path: String, reason: String)
    /// A file's content is invalid or contradictory.
    case damaged(place: String, problem: String)
    /// The content is valid, but needs an unimplemented kind of tokenizer.
    case unsupported(place: String, found: String, supported: String)
    /// The model has no chat template.
    case noChatTemplate
    /// The chat template does not parse.
    case badTemplate(problem: String)
    /// The chat is invalid, or the template fails on it or refuses it.
    case badChat(problem: String)
}

extension TokenizerError {
    /// The problem, without the place.
    package var problem: String {
        switch self {
        case .unreadable(_, let reason): reason
        case .damaged(_, let problem), .badTemplate(let problem), .badChat(let problem): problem
        case .unsupported(_, let found, _): "\(found) is not implemented"
        case .noChatTemplate: "the model has no chat template"
        }
    }
}

extension TokenizerError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "tokenizer: cannot read \(path): \(reason); check the path and download the file again if it is missing"
        case .damaged(let place, let problem):
            "tokenizer: \(place): \(problem); download the tokenizer again"
        case .unsupported(let place, let found, let supported):
            "tokenizer: \(place) \(found) is not implemented; give token ids (--prompt-ids), or use a model with \(supported)"
        case .noChatTemplate:
            "chat: the model has no chat template; give the prompt as raw text"
        case .badTemplate(let problem):
            "chat: \(problem); give another template (--chat-template), or the prompt as raw text"
        case .badChat(let problem): "chat: \(problem)"
        }
    }
}

extension TokenizerError: LocalizedError {
    /// The same sentence as `description`.
    public var errorDescription: String? { description }
}
