import ArgumentParser
import Measuring
import Volley

/// Whose vanilla plans are held against.
struct BaselineOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Take vanilla from this checkpoint, such as the base model that --model was fine-tuned from; its tokens must be the \
            same. Both are held in memory.
            """, valueName: "path"))
    var baseline: String?

    /// Loads the baseline as `options` loads the model.
    ///
    /// - Throws: `BaselineError` where it has other tokens than the model, `GenerationError.noTokenizer` where the model has
    ///   none to ask it by.
    func models(beside model: Model, _ options: ModelOptions) throws -> ComparedModels {
        _ = try model.requireTokenizer()
        let baseline = try baseline.map { path in
            try Progress.during("loading the baseline") { try options.loadBaseline(path) }
        }
        return try ComparedModels(model, baseline: baseline)
    }

    /// `plans` with vanilla in front where a baseline is given to be shown; says so where the model's own `off` is not what it was
    /// trained for.
    func adjusted(_ plans: [any DecodePlan], for models: ComparedModels) -> [any DecodePlan] {
        let hasVanilla = plans.contains(where: \.isVanilla)
        if models.baseline != nil { return hasVanilla ? plans : [.vanilla] + plans }
        if hasVanilla, let warning = VanillaPlan().warning(for: models.model.configuration) {
            StandardError.write("volley: \(warning)\n")
        }
        return plans
    }
}
