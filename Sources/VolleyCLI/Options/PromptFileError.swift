enum PromptFileError: Error, CustomStringConvertible {
    case empty(path: String)

    var description: String {
        switch self {
        case .empty(let path): "\(path) holds no prompts; give one a line"
        }
    }
}
