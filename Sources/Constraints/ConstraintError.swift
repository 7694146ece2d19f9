public import Foundation

/// Why a text cannot be constrained, in one sentence.
public enum ConstraintError: Error, Equatable, CustomStringConvertible {
    /// A JSON schema that is not JSON, or has a keyword that cannot be kept.
    case schema(place: String, problem: String)
    /// A regular expression that cannot be read or kept.
    case expression(problem: String)
    /// A grammar that cannot be read or kept.
    case grammar(line: Int, problem: String)
    /// A rule begins with itself, so that reading it never advances.
    case leftRecursion(rule: String)
    /// No text fulfils the constraint, or none that the vocabulary can write.
    case unsatisfiable
    /// The constraint needs more parts than are allowed.
    case tooLarge(limit: Int)
    /// The text can be read in too many ways at once.
    case tooAmbiguous
    /// A token was chosen that the constraint does not allow.
    case tokenNotAllowed(Int)

    public var description: String {
        switch self {
        case .schema(let place, let problem): "the JSON schema, at \(place): \(problem)"
        case .expression(let problem): "the regular expression: \(problem)"
        case .grammar(let line, let problem): "the grammar, line \(line): \(problem)"
        case .leftRecursion(let rule):
            "the rule \(rule) begins with itself; write it so that it consumes a character first"
        case .unsatisfiable: "no text fulfils the constraint; loosen it"
        case .tooLarge(let limit): "the constraint has more than \(limit) parts; shorten repetitions and lists"
        case .tooAmbiguous: "the constraint can be read in too many ways at once; make its alternatives differ earlier"
        case .tokenNotAllowed(let token): "token \(token) breaks the constraint; choose an allowed one"
        }
    }
}

extension ConstraintError: LocalizedError {
    /// The same sentence as `description`.
    public var errorDescription: String? { description }
}
