import JSON

extension Tokenizer {
    /// Whether there is a template for `renderChat` to go by.
    public var hasChatTemplate: Bool { !chatTemplates.names.isEmpty }

    /// The names of the model's chat templates; `default` for one without a name.
    public var chatTemplateNames: [String] { chatTemplates.names }

    /// The text of a chat, to be encoded without adding special tokens: the template writes them.
    /// - Parameters:
    ///   - addGenerationPrompt: whether the answer's opening is added.
    ///   - options: what else the template is given.
    /// - Throws: `TokenizerError` where the model has no such template, where the template cannot be run, and where it
    ///   fails on this conversation or refuses it; then with the template's line and words.
    public func renderChat(
        _ messages: [ChatMessage], addGenerationPrompt: Bool, options: ChatOptions = ChatOptions()
    ) throws(TokenizerError) -> String {
        try chatTemplates.render(messages, addGenerationPrompt: addGenerationPrompt, options)
    }

    /// As `renderChat(_:addGenerationPrompt:options:)`.
    /// - Parameter enableThinking: false asks a model that can think not to; nil leaves it to the template.
    public func renderChat(
        _ messages: [ChatMessage], addGenerationPrompt: Bool, enableThinking: Bool?
    ) throws(TokenizerError) -> String {
        try renderChat(
            messages, addGenerationPrompt: addGenerationPrompt, options: ChatOptions(thinking: enableThinking))
    }

    /// This tokenizer with another chat template in place of its own.
    /// - Parameter source: Jinja.
    public func with(chatTemplate source: String) -> Tokenizer {
        var copy = self
        copy.chatTemplates = chatTemplates.replaced(by: source)
        return copy
    }

    /// Whether the text of the template that these options choose has `name` in it.
    func templateMentions(_ name: String, _ options: ChatOptions) throws(TokenizerError) -> Bool {
        let template = try chatTemplates.template(named: options.templateName, hasTools: options.tools != nil)
        return template.source.utf8.firstRange(of: name.utf8) != nil
    }

    /// Whether the template that these options choose reads a variable of this name.
    /// - Throws: `TokenizerError` where there is no such template.
    package func templateReads(_ variable: String, _ options: ChatOptions) throws(TokenizerError) -> Bool {
        try chatTemplates.template(named: options.templateName, hasTools: options.tools != nil)
            .variables.contains(variable)
    }

    /// Whether the template that these options choose writes content given as parts of type text as it writes the same text
    /// given as a string. Found by asking it.
    /// - Throws: `TokenizerError` where there is no such template.
    package func templateTakesParts(_ options: ChatOptions) throws(TokenizerError) -> Bool {
        let template = try chatTemplates.template(named: options.templateName, hasTools: options.tools != nil)
        return chatTemplates.takesParts(template)
    }
}
