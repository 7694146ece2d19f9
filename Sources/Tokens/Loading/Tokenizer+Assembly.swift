extension Tokenizer {
    /// Assembles a tokenizer and completes the list of end tokens.
    /// - Parameter endIDs: the end tokens that the files name, most important first.
    init(
        model: BytePairModel, normalizer: Normalizer, splitters: [Splitter], added: AddedTokens,
        frame: SpecialTokenFrame, chatTemplates: ChatTemplates, beginID: Int?, endIDs: [Int],
        warnings: [String], splitsSpecial: Bool = false
    ) {
        self.model = model
        self.normalizer = normalizer
        self.splitters = splitters
        self.added = added
        self.frame = frame
        self.chatTemplates = chatTemplates
        self.beginID = beginID
        self.warnings = warnings
        self.splitsSpecial = splitsSpecial
        let known = added.tokens.filter { token in
            token.isSpecial && Self.endTokens.contains { $0.utf8.elementsEqual(token.content) }
        }
        var ends: [Int] = []
        for id in endIDs + known.map(\.id) where !ends.contains(id) { ends.append(id) }
        endOfTextIDs = ends
    }

    /// Tokens that end an answer in every model that has them. Files often name only one of several.
    private static let endTokens = ["<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>"]
}
