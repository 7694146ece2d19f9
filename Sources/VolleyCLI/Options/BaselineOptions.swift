import ArgumentParser
import Measuring
import Volley

/// The model that runs vanilla, with which plans are compared.
struct BaselineOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Run vanilla with this checkpoint, such as the base model that --model was fine-tuned from. Its tokens must be the \
            same. Both models are loaded.
            """, valueName: "path"))
    var baseline: String?

    /// Loads the baseline with the same options as the model.
    ///
    /// - Throws: `BaselineError` if its tokens differ from the model's, `GenerationError.noTokenizer` if the model has no
    ///   tokenizer.
    func models(beside model: Model, _ options: ModelOptions) throws -> ComparedModels {
        _ = try model.requireTokenizer()
        let baseline = try baseline.map { path in
            try Progress.during("loading the baseline") { try options.loadBaseline(path) }
        }
        return try ComparedModels(model, baseline: baseline)
    }

    /// `plans`, with vanilla in front if there is a baseline. Warns if vanilla runs on a model that was not trained for it.
    func adjusted(_ plans: [any DecodePlan], for models: ComparedModels) -> [any DecodePlan] {
        let hasVanilla = plans.contains(where: \.isVanilla)
        if models.baseline != nil { return hasVanilla ? plans : [.vanilla] + plans }
        if hasVanilla, let warning = VanillaPlan().warning(for: models.model.configuration) {
            StandardError.write("volley: \(warning)\n")
        }
        return plans
    }
}
