import JSON

/// The `model` section of a `tokenizer.json`: vocabulary and merges.
struct ModelSection {
    private let node: JSONValue
    private let entries: JSONObject
    private let place: String

    /// - Throws: `TokenizerError` if this is not byte-level BPE or is incomplete.
    init(_ node: JSONValue?, place: String) throws(TokenizerError) {
        guard let node, node.objectValue != nil else { throw .damaged(place: place, problem: "there is no model") }
        self.node = node
        self.place = place
        // Files from before 2021 have no type; among the types, only BPE has merges.
        let type = node["type"]?.stringValue ?? (node["merges"] == nil ? "none" : "BPE")
        guard type.utf8.elementsEqual("BPE".utf8) else {
            throw .unsupported(place: place, found: "model type \(quoted(type))", supported: "'BPE'")
        }
        guard let entries = node["vocab"]?.objectValue else {
            throw .damaged(place: place, problem: "model has no vocab")
        }
        self.entries = entries
        try checkOptions()
    }

    /// Refuses options of other kinds of BPE.
    private func checkOptions() throws(TokenizerError) {
        for name in ["dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"] {
            switch node[name] {
            case nil, .null, .bool(false), .string(""), .int(0): continue
            case .double(let number) where number == 0: continue
            case .some(let value):
                throw .unsupported(place: place, found: "model.\(name) \(value)", supported: "plain byte-level BPE")
            }
        }
    }

    /// Number of tokens, without added ones.
    var tokenCount: Int { entries.count }

    /// The ids of the model tokens among `texts`.
    func ids(of texts: Set<[UInt8]>) -> [[UInt8]: Int] {
        let firstBytes = Set(texts.compactMap(\.first))
        var ids: [[UInt8]: Int] = [:]
        for entry in entries {
            guard let first = entry.name.utf8.first, firstBytes.contains(first), let id = entry.value.intValue else {
                continue
            }
            let text = Array(entry.name.utf8)
            if texts.contains(text) { ids[text] = id }
        }
        return ids
    }

    /// The model's tokens together with the added ones, which can overlap.
    func vocabulary(adding added: [AddedToken]) throws(TokenizerError) -> Vocabulary {
        var vocabulary = Vocabulary(count: try idCount(adding: added))
        for entry in entries {
            guard let id = entry.value.intValue else {
                throw .damaged(place: place, problem: "the id of token \(quoted(entry.name)) is \(entry.value)")
            }
            try vocabulary.add(entry.name.utf8, id: id, in: place)
        }
        var seen: Set<[UInt8]> = []
        for token in added where seen.insert(token.content).inserted {
            if vocabulary.id(of: token.content) == token.id { continue }
            try vocabulary.add(token.content, id: token.id, isReachable: false, in: place)
        }
        return vocabulary
    }

    /// The highest id plus one.
    private func idCount(adding added: [AddedToken]) throws(TokenizerError) -> Int {
        let highest = max(entries.lazy.compactMap(\.value.intValue).max() ?? -1, added.lazy.map(\.id).max() ?? -1)
        let limit = idLimit(tokenCount: entries.count + added.count)
        guard highest < limit else {
            let count = entries.count + added.count
            throw .damaged(place: place, problem: "token id \(highest) is out of range for \(count) tokens")
        }
        return highest + 1
    }

    /// The BPE model with the merges of this section.
    func model(_ vocabulary: Vocabulary) throws(TokenizerError) -> BytePairModel {
        guard let merges = node["merges"]?.arrayValue else {
            throw .damaged(place: place, problem: "model has no merges")
        }
        var pairs: [(left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)] = []
        pairs.reserveCapacity(merges.count)
        for (rank, merge) in merges.enumerated() { pairs.append(try pair(merge, rank: rank)) }
        let model = BytePairModel(
            vocabulary: vocabulary, merges: try MergeTable(pairs, vocabulary: vocabulary, in: place),
            ignoresMerges: node["ignore_merges"]?.boolValue ?? false)
        guard let unknown = node["unk_token"], !unknown.isNull, model.byteTokens.contains(where: { $0 == nil }) else {
            return model
        }
        throw .unsupported(
            place: place, found: "model.unk_token \(unknown) for bytes without a token",
            supported: "a token for each byte")
    }

    /// Parses a merge, written as an array of two strings or as one string.
    private func pair(
        _ node: JSONValue, rank: Int
    ) throws(TokenizerError) -> (left: ArraySlice<UInt8>, right: ArraySlice<UInt8>) {
        if let text = node.stringValue { return try splitMerge(Array(text.utf8), rank: rank, place: place) }
        guard let parts = node.arrayValue, parts.count == 2, let left = parts[0].stringValue,
            let right = parts[1].stringValue
        else { throw .damaged(place: place, problem: "merge \(rank) is \(node), not two tokens") }
        return (Array(left.utf8)[...], Array(right.utf8)[...])
    }
}
