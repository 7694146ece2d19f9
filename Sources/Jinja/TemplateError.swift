/// Why a template cannot be used, with the line of the template where that shows.
package enum TemplateError: Error, Equatable, CustomStringConvertible {
    /// The template is not valid, or uses a tag, filter or test that does not exist here.
    case syntax(line: Int, problem: String)
    /// An operation failed while the template was rendered.
    case failed(line: Int, problem: String)
    /// The template refused its input by `raise_exception`; these are its own words.
    case raised(line: Int, message: String)
    /// The template asked for more than `Limits` allow.
    case limit(line: Int, problem: String)

    /// The template's line, counted from 1.
    package var line: Int {
        switch self {
        case .syntax(let line, _), .failed(let line, _), .raised(let line, _), .limit(let line, _): line
        }
    }

    /// One sentence: the line and what is wrong there.
    package var description: String {
        switch self {
        case .syntax(let line, let problem): "line \(line) of the chat template: \(problem)"
        case .failed(let line, let problem): "line \(line) of the chat template: \(problem)"
        case .raised(let line, let message): "the chat template refuses this conversation (line \(line)): \(message)"
        case .limit(let line, let problem): "line \(line) of the chat template: \(problem)"
        }
    }
}
