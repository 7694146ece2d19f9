extension Tokenizer {
    /// Loads a tokenizer from the files of a Hugging Face model.
    /// - Throws: `TokenizerError` for unreadable files, unsupported kinds and contradictory content. Chat templates are
    ///   not checked before `renderChat`.
    package init(directory: String) throws(TokenizerError) {
        try self.init(files: TokenizerFiles(directory: directory))
    }

    /// Loads a tokenizer from the files' contents.
    package init(files: TokenizerFiles) throws(TokenizerError) {
        let configuration = try TokenizerConfiguration(files)
        let file = try TokenizerFile(files, configuration)
        func id(_ name: String) -> Int? { configuration.text(of: name).flatMap { file.id(of: Array($0.utf8)) } }
        let sources = files.templates.isEmpty ? configuration.templates : files.templates
        self.init(
            model: file.model, normalizer: file.normalizer, splitters: file.splitters, added: file.added,
            frame: file.frame,
            chatTemplates: ChatTemplates(sources, specialTokens: configuration.named.map { ($0.name, $0.token.text) }),
            beginID: id("bos_token"), endIDs: [id("eos_token")].compactMap(\.self), warnings: file.warnings,
            splitsSpecial: configuration.splitsSpecial)
    }
}
