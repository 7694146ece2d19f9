import JSON

extension Tokenizer {
    /// Loads a tokenizer from the metadata of a GGUF file.
    /// - Throws: `TokenizerError` for unsupported kinds and contradictory fields.
    package init(gguf: GGUFVocabulary) throws(TokenizerError) {
        let place = "GGUF metadata"
        guard gguf.model.utf8.elementsEqual("gpt2".utf8) else {
            throw TokenizerError.unsupported(
                place: place, found: "tokenizer.ggml.model \(quoted(gguf.model))", supported: "'gpt2' (byte-level BPE)")
        }
        let name = gguf.pre ?? GGUFPreTokenizer.fallbackName
        guard let cutting = GGUFPreTokenizer(name: name) else {
            throw TokenizerError.unsupported(
                place: place, found: "tokenizer.ggml.pre \(quoted(name))",
                supported: "one of llama.cpp's for Llama, Qwen, SmolLM, DeepSeek or GPT-2")
        }
        let vocabulary = try gguf.vocabulary(place: place)
        let begin = try gguf.checked(gguf.beginID, field: "bos_token_id", place: place)
        let ends = [
            try gguf.checked(gguf.endID, field: "eos_token_id", place: place),
            try gguf.checked(gguf.endOfTurnID, field: "eot_token_id", place: place),
        ]
        let merges = try MergeTable(gguf.mergePairs(place: place), vocabulary: vocabulary, in: place)
        let added = AddedTokens(gguf.addedTokens, normalizer: cutting.normalizer)
        let addsBegin = gguf.addsBegin ?? cutting.addsBegin
        self.init(
            model: BytePairModel(vocabulary: vocabulary, merges: merges, ignoresMerges: cutting.ignoresMerges),
            normalizer: cutting.normalizer, splitters: cutting.splitters, added: added,
            frame: SpecialTokenFrame(
                before: addsBegin ? [begin].compactMap(\.self) : [],
                after: gguf.addsEnd == true ? [ends[0]].compactMap(\.self) : []),
            chatTemplates: ChatTemplates(gguf.chatTemplates, specialTokens: gguf.specialTokens),
            beginID: begin, endIDs: ends.compactMap(\.self),
            warnings: gguf.pre == nil ? [Self.missingPreTokenizer] : [])
    }

    private static let missingPreTokenizer = """
        the file does not name its pre-tokenizer (tokenizer.ggml.pre), so text is cut by llama.cpp's 'default' and answers \
        may be worse; convert the model again
        """
}

extension GGUFVocabulary {
    /// The values of `tokenTypes` that matter here.
    private enum TokenType {
        static let unknown = 2
        static let control = 3
        static let userDefined = 4
        static let unused = 5
    }

    private func type(of id: Int) -> Int { tokenTypes.isEmpty ? 1 : tokenTypes[id] }

    /// Collects all tokens. Text can encode to any but control and unused tokens.
    fileprivate func vocabulary(place: String) throws(TokenizerError) -> Vocabulary {
        guard tokenTypes.isEmpty || tokenTypes.count == tokens.count else {
            throw .damaged(place: place, problem: "\(tokenTypes.count) token types for \(tokens.count) tokens")
        }
        guard !tokens.isEmpty, tokens.count < Int(Int32.max) else {
            throw .damaged(place: place, problem: "tokenizer.ggml.tokens has \(tokens.count) elements")
        }
        var vocabulary = Vocabulary(count: tokens.count)
        for (id, token) in tokens.enumerated() {
            let isText = ![TokenType.unknown, TokenType.control, TokenType.unused].contains(type(of: id))
            try vocabulary.add(token, id: id, isReachable: isText, in: place)
        }
        return vocabulary
    }

    fileprivate var addedTokens: [AddedToken] {
        tokens.indices.compactMap { id in
            switch type(of: id) {
            case TokenType.control, TokenType.unknown: AddedToken(id: id, content: tokens[id], isSpecial: true)
            case TokenType.userDefined: AddedToken(id: id, content: tokens[id])
            default: nil
            }
        }
    }

    fileprivate func mergePairs(
        place: String
    ) throws(TokenizerError) -> [(left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)] {
        var pairs: [(left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)] = []
        pairs.reserveCapacity(merges.count)
        for (rank, merge) in merges.enumerated() { pairs.append(try splitMerge(merge, rank: rank, place: place)) }
        return pairs
    }

    /// The texts of special tokens, by their names in chat templates.
    fileprivate var specialTokens: [(name: String, text: String)] {
        var ids: [(String, Int?)] = [("bos_token", beginID), ("eos_token", endID)]
        for (token, id) in otherSpecialIDs { ids.append((token.rawValue, id)) }
        return ids.compactMap { name, id in
            // Some converters write an id beyond the vocabulary to mean none.
            guard let id, tokens.indices.contains(id) else { return nil }
            return (name, String(decoding: tokens[id], as: UTF8.self))
        }
    }

    /// The token id in a field, checked; nil if the file lacks the field.
    fileprivate func checked(_ id: Int?, field: String, place: String) throws(TokenizerError) -> Int? {
        guard let id else { return nil }
        guard tokens.indices.contains(id) else {
            throw .damaged(
                place: place, problem: "tokenizer.ggml.\(field) is \(id), but there are \(tokens.count) tokens")
        }
        return id
    }
}

/// Splits a merge at its space.
func splitMerge(
    _ merge: [UInt8], rank: Int, place: String
) throws(TokenizerError) -> (left: ArraySlice<UInt8>, right: ArraySlice<UInt8>) {
    let parts = merge.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard parts.count == 2 else {
        let text = quoted(String(decoding: merge, as: UTF8.self))
        throw .damaged(place: place, problem: "merge \(rank) is \(text), not two tokens with a space between")
    }
    return (parts[0], parts[1])
}
