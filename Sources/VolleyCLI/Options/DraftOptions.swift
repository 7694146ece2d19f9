import ArgumentParser
import Volley

/// What drafts tokens for the model to verify.
struct DraftOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            What drafts tokens for the model to verify, so that its text stays the same: ngram (what followed the text's last \
            words before) or a smaller model with the same vocabulary.
            """, valueName: "ngram|path"))
    var draft: String?

    /// The path of the smaller model that drafts; nil without one.
    var modelPath: String? { draft == "ngram" ? nil : draft }

    /// The plan that the option means; nil without it.
    var request: PlanRequest? { draft.map { .drafted($0 == "ngram" ? .text : .model) } }
}
