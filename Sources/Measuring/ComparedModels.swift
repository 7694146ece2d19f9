import Decoding
import Models
import Tokens

/// The model whose plans are measured, and the one that vanilla comes from: the same, or a baseline such as the base model
/// that it was fine-tuned from.
package struct ComparedModels: Sendable {
    package let model: Model
    /// Nil where the model is its own.
    package let baseline: Model?

    /// - Throws: `BaselineError` where tokens of one are not tokens of the other.
    package init(_ model: Model, baseline: Model? = nil) throws(BaselineError) {
        self.model = model
        self.baseline = baseline
        guard let baseline else { return }
        let sizes = [model, baseline].map(\.configuration.vocabularySize)
        guard sizes[0] == sizes[1] else {
            throw .vocabularySize(model: model.name, sizes[0], baseline: baseline.name, sizes[1])
        }
        guard let own = model.tokenizer, let other = baseline.tokenizer,
            let id = own.firstDifference(from: other)
        else { return }
        func text(_ model: Model) -> String { model.tokenizer?.decode([id], skipSpecial: false) ?? "" }
        throw .token(id, model: model.name, text(model), baseline: baseline.name, text(baseline))
    }

    /// The model that runs `plan`.
    func model(for plan: any DecodePlan) -> Model { plan.isVanilla ? vanilla : model }

    /// The model that vanilla comes from.
    package var vanilla: Model { baseline ?? model }
}

/// A baseline that cannot be held against the model, in one sentence.
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
