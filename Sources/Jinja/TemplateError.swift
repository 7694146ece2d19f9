/// An error in a template, with its line.
package enum TemplateError: Error, Equatable, CustomStringConvertible {
    /// The template is invalid, or uses a tag, filter or test that is not implemented.
    case syntax(line: Int, problem: String)
    /// An operation failed during rendering.
    case failed(line: Int, problem: String)
    /// The template called `raise_exception`; `message` is its text.
    case raised(line: Int, message: String)
    /// The template exceeded `Limits`.
    case limit(line: Int, problem: String)

    /// The line in the template, from 1.
    package var line: Int {
        switch self {
        case .syntax(let line, _), .failed(let line, _), .raised(let line, _), .limit(let line, _): line
        }
    }

    /// One sentence with the line and the problem.
    package var description: String {
        switch self {
        case .syntax(let line, let problem): "line \(line) of the chat template: \(problem)"
        case .failed(let line, let problem): "line \(line) of the chat template: \(problem)"
        case .raised(let line, let message): "the chat template refuses this conversation (line \(line)): \(message)"
        case .limit(let line, let problem): "line \(line) of the chat template: \(problem)"
        }
    }
}
