import ArgumentParser
import Volley

/// The source of drafts for the model to verify.
struct DraftOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Draft tokens for the model to verify, which keeps its text: ngram (from the text so far, where it repeats itself) or a \
            smaller model with the same vocabulary.
            """, valueName: "ngram|path"))
    var draft: String?

    /// The path of the smaller model that drafts; nil without one.
    var modelPath: String? { draft == "ngram" ? nil : draft }

    /// The plan that the option means; nil without it.
    var request: PlanRequest? { draft.map { .drafted($0 == "ngram" ? .text : .model) } }
}
