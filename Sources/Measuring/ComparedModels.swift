import Decoding
import Models
import Tokens

/// The model whose plans are measured, and the model that runs vanilla: the same, or a baseline such as the base model that it
/// was fine-tuned from.
package struct ComparedModels: Sendable {
    package let model: Model
    /// The model that runs vanilla; nil if it is `model` itself.
    package let baseline: Model?

    /// - Throws: `BaselineError` if the two models have different tokens.
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
        func text(_ model: Model) -> String { model.tokenizer?.text(of: id) ?? "" }
        throw .token(id, model: model.name, text(model), baseline: baseline.name, text(baseline))
    }

    /// The model that runs `plan`.
    func model(for plan: any DecodePlan) -> Model { plan.isVanilla ? vanilla : model }

    /// The model that runs vanilla.
    package var vanilla: Model { baseline ?? model }
}
