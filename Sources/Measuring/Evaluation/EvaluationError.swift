/// Why a file of questions cannot be used.
package enum EvaluationError: Error, Sendable, Equatable, CustomStringConvertible {
    case unreadable(path: String)
    case line(place: String, problem: String)

    package var description: String {
        switch self {
        case .unreadable(let path): "\(path): cannot be read; check the path and its permissions"
        case .line(let place, let problem):
            "\(place): \(problem); give one JSON object a line, with \"prompt\" or \"messages\", and \"answer\""
        }
    }
}
