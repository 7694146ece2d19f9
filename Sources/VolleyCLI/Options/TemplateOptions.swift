import ArgumentParser
import Foundation
import Volley

/// The chat template and what it is given beside the messages.
struct TemplateOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Another chat template: a Jinja file, or the name of one that the model has.", valueName: "file|name"))
    var chatTemplate: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Further variables of the chat template, a JSON object.", valueName: "json"))
    var chatTemplateKwargs: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Let a model that can think do so before it answers (default: as its template has it).")
    var thinking: Bool?

    /// Whether any of them was given.
    var isGiven: Bool { chatTemplate != nil || chatTemplateKwargs != nil || thinking != nil }

    func validate() throws { _ = try variables() }

    /// Sets what was given, over what `options` has.
    ///
    /// - Returns: the template's text, where one was given by a file.
    /// - Throws: `StreamError` where `--chat-template` is neither a name nor a file.
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

    /// The model with the template, and what it is given.
    func applied(to model: Model) throws -> (model: Model, options: ChatOptions) {
        var options = ChatOptions()
        let source = try apply(to: &options, of: model.tokenizer)
        return (try source.map { try model.with(chatTemplate: $0) } ?? model, options)
    }

    private func variables() throws -> ChatOptions {
        do {
            return try ChatOptions(thinking: thinking, tools: nil, variables: chatTemplateKwargs)
        } catch {
            throw ValidationError("--chat-template-kwargs: \(error)")
        }
    }
}
