/// Why a tokenizer cannot be used, or a chat not be written: one sentence with the place, what was found, what to do.
public enum TokenizerError: Error, Sendable, Equatable {
    /// A file that must be there cannot be read.
    case unreadable(path: String, reason: String)
    /// A file's content contradicts itself or is not what such a file holds.
    case damaged(place: String, problem: String)
    /// The content is a good one, but asks for a kind of tokenizer that is not implemented.
    case unsupported(place: String, found: String, supported: String)
    /// A chat was asked of a model that has no chat template.
    case noChatTemplate
    /// A chat template that cannot be parsed.
    case badTemplate(problem: String)
    /// A chat that is not one, or that the template cannot write or refuses.
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
