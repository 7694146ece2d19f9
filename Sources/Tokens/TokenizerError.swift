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
    /// A chat was asked of a model whose template is none of the known ones.
    case unknownChatTemplate(problem: String)
    /// Messages that no chat can have.
    case badChat(problem: String)
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
        case .unknownChatTemplate(let problem):
            "chat: the model's chat template is not supported (\(problem)); give the prompt as raw text"
        case .badChat(let problem): "chat: \(problem)"
        }
    }
}
