public import Foundation
import Models
import Tokens

/// Why a model cannot draft tokens for another one, in one sentence.
public enum DraftError: Error, Equatable, CustomStringConvertible {
    /// The vocabularies differ: what the token of `id` is in each; nil where there is none.
    case otherVocabulary(draft: String, model: String, id: Int, own: String?, other: String?)
    /// One of the two has no tokenizer that could be compared.
    case noTokenizer(model: String)
    /// The numbers of token ids differ, and neither model has a tokenizer.
    case otherSize(draft: String, size: Int, modelSize: Int)

    public var description: String {
        switch self {
        case .otherVocabulary(let draft, let model, let id, let own, let other):
            "\(draft) cannot draft for \(model): token \(id) is \(Self.shown(other)) there and \(Self.shown(own)) here; give a model "
                + "with the same vocabulary"
        case .noTokenizer(let model):
            "\(model) has no tokenizer that is read here, so its vocabulary cannot be compared; give another model to draft"
        case .otherSize(let draft, let size, let modelSize):
            "\(draft) has \(size) token ids and the model \(modelSize), so it cannot draft for it; give a model with the same vocabulary"
        }
    }

    private static func shown(_ text: String?) -> String { text.map { "'\($0)'" } ?? "missing" }
}

extension DraftError: LocalizedError {
    /// The same sentence as `description`.
    public var errorDescription: String? { description }
}

extension Model {
    /// Checks that `draft` has this model's vocabulary, token by token.
    func check(draft: Model) throws(DraftError) {
        guard let own = tokenizer else {
            guard draft.tokenizer == nil else { throw .noTokenizer(model: name) }
            let sizes = (draft.configuration.vocabularySize, configuration.vocabularySize)
            guard sizes.0 == sizes.1 else { throw .otherSize(draft: draft.name, size: sizes.0, modelSize: sizes.1) }
            return
        }
        guard let other = draft.tokenizer else { throw .noTokenizer(model: draft.name) }
        guard let id = own.firstDifference(from: other) else { return }
        throw .otherVocabulary(draft: draft.name, model: name, id: id, own: own.text(of: id), other: other.text(of: id))
    }
}
