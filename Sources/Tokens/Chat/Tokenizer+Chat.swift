import JSON

extension Tokenizer {
    /// Whether the model has a chat template.
    public var hasChatTemplate: Bool { !chatTemplates.names.isEmpty }

    /// The names of the model's chat templates. An unnamed one is called `default`.
    public var chatTemplateNames: [String] { chatTemplates.names }

    /// Renders a chat as text. Encode it without adding special tokens: the template writes them.
    /// - Parameters:
    ///   - addGenerationPrompt: whether to append the start of the assistant's turn.
    ///   - options: the template's other inputs.
    /// - Throws: `TokenizerError` if the model has no such template, the template cannot run, or it fails on or refuses
    ///   this conversation; the last with the template's line and message.
    public func renderChat(
        _ messages: [ChatMessage], addGenerationPrompt: Bool, options: ChatOptions = ChatOptions()
    ) throws(TokenizerError) -> String {
        try chatTemplates.render(messages, addGenerationPrompt: addGenerationPrompt, options)
    }

    /// Like `renderChat(_:addGenerationPrompt:options:)`.
    /// - Parameter enableThinking: false asks a reasoning model not to think; nil leaves the choice to the template.
    public func renderChat(
        _ messages: [ChatMessage], addGenerationPrompt: Bool, enableThinking: Bool?
    ) throws(TokenizerError) -> String {
        try renderChat(
            messages, addGenerationPrompt: addGenerationPrompt, options: ChatOptions(thinking: enableThinking))
    }

    /// A copy of this tokenizer with another chat template.
    /// - Parameter source: Jinja source.
    public func with(chatTemplate source: String) -> Tokenizer {
        var copy = self
        copy.chatTemplates = chatTemplates.replaced(by: source)
        return copy
    }

    /// Whether the source of the template selected by `options` contains `name`.
    /// - Throws: `TokenizerError` if there is no such template.
    package func templateMentions(_ name: String, _ options: ChatOptions) throws(TokenizerError) -> Bool {
        let template = try chatTemplates.template(named: options.templateName, hasTools: options.tools != nil)
        return template.source.utf8.firstRange(of: name.utf8) != nil
    }

    /// Whether the template selected by `options` reads the variable.
    /// - Throws: `TokenizerError` if there is no such template.
    package func templateReads(_ variable: String, _ options: ChatOptions) throws(TokenizerError) -> Bool {
        try chatTemplates.template(named: options.templateName, hasTools: options.tools != nil)
            .variables.contains(variable)
    }

    /// Whether the template selected by `options` renders text parts exactly as it renders the same text given as a
    /// string. Found by rendering both.
    /// - Throws: `TokenizerError` if there is no such template.
    package func templateTakesParts(_ options: ChatOptions) throws(TokenizerError) -> Bool {
        let template = try chatTemplates.template(named: options.templateName, hasTools: options.tools != nil)
        return chatTemplates.takesParts(template)
    }
}
