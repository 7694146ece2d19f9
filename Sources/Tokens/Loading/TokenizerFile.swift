import JSON

/// A supported `tokenizer.json` of Hugging Face tokenizers, completed by the files beside it.
struct TokenizerFile {
    let model: BytePairModel
    let normalizer: Normalizer
    let splitters: [Splitter]
    let added: AddedTokens
    let frame: SpecialTokenFrame
    /// Notes for the user, one sentence each.
    let warnings: [String]

    /// - Throws: `TokenizerError.damaged`, or `.unsupported` naming the stage and its type.
    init(_ files: TokenizerFiles, _ configuration: TokenizerConfiguration) throws(TokenizerError) {
        let place = files.tokenizer.place
        let root = try files.tokenizer.object()
        let stages = TokenizerStages(place: place)
        normalizer = try stages.normalizer(root["normalizer"])
        splitters = try stages.splitters(root["pre_tokenizer"])
        try stages.checkDecoder(root["decoder"])
        let section = try ModelSection(root["model"], place: place)
        let list = AddedTokenList(
            try readAddedTokens(root["added_tokens"], place: place), configuration, section: section,
            place: files.configuration?.place ?? place)
        let vocabulary = try section.vocabulary(adding: list.tokens)
        model = try section.model(vocabulary)
        added = AddedTokens(list.tokens, normalizer: normalizer)
        frame = try stages.frame(root["post_processor"], vocabulary: vocabulary)
        warnings = list.warnings
    }

    /// The id of a token that another file names.
    func id(of text: [UInt8]) -> Int? {
        added.tokens.first { $0.content == text }?.id ?? model.vocabulary.id(of: text)
    }
}

private func readAddedTokens(_ node: JSONValue?, place: String) throws(TokenizerError) -> [AddedToken] {
    var tokens: [AddedToken] = []
    for entry in node?.arrayValue ?? [] {
        guard let id = entry["id"]?.intValue, let content = entry["content"]?.stringValue else {
            throw .damaged(place: place, problem: "added_tokens \(tokens.count) has no id or no content")
        }
        func flag(_ name: String) -> Bool { entry[name]?.boolValue ?? false }
        tokens.append(
            AddedToken(
                id: id, content: Array(content.utf8), isSpecial: flag("special"), stripsLeft: flag("lstrip"),
                stripsRight: flag("rstrip"), isSingleWord: flag("single_word"), isNormalized: flag("normalized")))
    }
    return tokens
}
