/// Why a baseline cannot be compared with the model, in one sentence.
package enum BaselineError: Error, Equatable, CustomStringConvertible {
    case vocabularySize(model: String, Int, baseline: String, Int)
    case token(Int, model: String, String, baseline: String, String)

    package var description: String {
        switch self {
        case .vocabularySize(let model, let size, let baseline, let other):
            "the baseline \(baseline) has a vocabulary of \(other) tokens, and \(model) one of \(size); give the model that "
                + "\(model) was made from"
        case .token(let id, let model, let text, let baseline, let other):
            "token \(id) is \(text.debugDescription) in \(model), and \(other.debugDescription) in the baseline "
                + "\(baseline); give the model that \(model) was made from"
        }
    }
}
