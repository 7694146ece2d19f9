import ArgumentParser
import Foundation
import Volley

/// The chat template and its variables.
struct TemplateOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Another chat template: a Jinja file, or the name of one that the model has.", valueName: "file|name"))
    var chatTemplate: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Additional variables of the chat template, as a JSON object.", valueName: "json"))
    var chatTemplateKwargs: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Let a model that can think do so before it answers (default: the template's).")
    var thinking: Bool?

    @Option(
        help: ArgumentHelp(
            "Let a model that can think do so (on), not (off), or for at most N tokens, after which </think> is written for it.",
            valueName: "off|on|N"))
    var think: ThinkChoice?

    /// Whether any of the options was given.
    var isGiven: Bool { chatTemplate != nil || chatTemplateKwargs != nil || thinking != nil || think != nil }

    func validate() throws {
        if thinking != nil, think != nil { throw ValidationError("give --think or --thinking, not both") }
        _ = try variables()
    }

    /// Applies the given options over those in `options`.
    ///
    /// - Returns: the template's text if the template is a file.
    /// - Throws: `StreamError` if `--chat-template` is neither a name nor a file.
    func apply(to options: inout ChatOptions, of tokenizer: Tokenizer?) throws -> String? {
        let given = try variables()
        options.merge(given)
        guard let chatTemplate else { return nil }
        if let names = tokenizer?.chatTemplateNames, names.contains(chatTemplate) {
            options.templateName = chatTemplate
            return nil
        }
        return try TextInput.file(chatTemplate)
    }

    /// The model with the chosen template, and the template's variables.
    func applied(to model: Model) throws -> (model: Model, options: ChatOptions) {
        var options = ChatOptions()
        let source = try apply(to: &options, of: model.tokenizer)
        return (try source.map { try model.with(chatTemplate: $0) } ?? model, options)
    }

    private func variables() throws -> ChatOptions {
        do {
            return try ChatOptions(thinking: thinking ?? think?.isOn, tools: nil, variables: chatTemplateKwargs)
        } catch {
            throw ValidationError("--chat-template-kwargs: \(error)")
        }
    }
}
