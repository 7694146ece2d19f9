import ArgumentParser
import Volley

/// How a prompt is turned into token ids.
struct PromptOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: ArgumentHelp("The prompt as token ids; none are added.", valueName: "1,2,3"))
    var promptIds: TokenIDs?

    @Flag(
        help: "Put the prompt into the model's chat template, or continue it as raw text (default: chat, if possible).")
    var form: PromptForm?

    @Option(parsing: .unconditional, help: ArgumentHelp("System message of a chat.", valueName: "text"))
    var system: String?

    @OptionGroup var template: TemplateOptions

    /// - Throws: `ValidationError` for contradictory options, or without a prompt.
    func check(prompt: String?) throws {
        if prompt != nil, promptIds != nil { throw ValidationError("give a prompt or --prompt-ids, not both") }
        if promptIds != nil, form == .chat || system != nil {
            throw ValidationError("--prompt-ids are taken as they are; leave out --chat and --system")
        }
        if form == .raw, system != nil { throw ValidationError("--system needs a chat; leave out --raw") }
        if form == .raw, template.chatTemplate != nil {
            throw ValidationError("--chat-template needs a chat; leave out --raw")
        }
        if prompt == nil, promptIds == nil, StandardInput.isTerminal {
            throw ValidationError("no prompt; give one as an argument, by standard input, or as --prompt-ids")
        }
    }

    /// The prompt's token ids.
    ///
    /// - Parameter isCancelled: called while standard input is read.
    /// - Throws: an error if the prompt is empty, or the model lacks a tokenizer or chat template that it needs.
    func tokens(prompt: String?, model: Model, isCancelled: () -> Bool) throws -> [Int] {
        if let promptIds {
            TextInput.noteUnread("--prompt-ids are the whole prompt")
            return promptIds.ids
        }
        let text = try text(prompt: prompt, isCancelled: isCancelled)
        let tokenizer = try model.requireTokenizer()
        guard !text.isEmpty else { throw SessionError.emptyPrompt }
        guard try isChat(tokenizer, model) else { return tokenizer.encode(text, addSpecial: true) }
        let (model, options) = try template.applied(to: model)
        var messages = [ChatMessage(role: "user", content: text)]
        if let system { messages.insert(ChatMessage(role: "system", content: system), at: 0) }
        return try model.tokens(of: messages, options)
    }

    /// The argument and the piped text with a blank line between them, or the one of them that there is.
    private func text(prompt: String?, isCancelled: () -> Bool) throws -> String {
        guard let prompt else { return try TextInput.standardInput(isCancelled: isCancelled) }
        guard let piped = try TextInput.besidePrompt(isCancelled: isCancelled) else { return prompt }
        return prompt.isEmpty ? piped : prompt + "\n\n" + piped
    }

    private func isChat(_ tokenizer: Tokenizer, _ model: Model) throws -> Bool {
        switch form {
        case .raw: return false
        case nil where system == nil: return tokenizer.hasChatTemplate || template.chatTemplate != nil
        default:
            guard tokenizer.hasChatTemplate || template.chatTemplate != nil else {
                throw GenerationError.noChatTemplate(model: model.name)
            }
            return true
        }
    }
}
