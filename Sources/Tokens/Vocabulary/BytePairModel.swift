import JSON

/// Byte-pair encoding (Sennrich et al. 2016) over bytes: the merges, and each byte's initial token.
struct BytePairModel: Sendable {
    let vocabulary: Vocabulary
    let merges: MergeTable
    /// The token of each byte. Encoding drops bytes without a token, as Hugging Face does.
    let byteTokens: [Int32?]
    /// Whether a piece that is a token is taken whole instead of being merged from bytes.
    let ignoresMerges: Bool

    init(vocabulary: Vocabulary, merges: MergeTable, ignoresMerges: Bool) {
        self.vocabulary = vocabulary
        self.merges = merges
        self.ignoresMerges = ignoresMerges
        byteTokens = ByteAlphabet.characters.map { vocabulary.id(of: $0).map(Int32.init) }
    }

    /// The token of a whole piece, if the model takes such pieces whole.
    func wholeToken(_ piece: some Sequence<UInt8>) -> Int? {
        guard ignoresMerges else { return nil }
        var text: [UInt8] = []
        for byte in piece { text.append(contentsOf: ByteAlphabet.characters[Int(byte)]) }
        return vocabulary.id(of: text)
    }
}

extension MergeTable {
    /// Creates the table from merges in order of rank, each with the texts of its left and right token.
    /// - Throws: `TokenizerError.damaged` if a merge's parts or result are not tokens.
    init(
        _ pairs: [(left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)], vocabulary: Vocabulary, in file: String
    ) throws(TokenizerError) {
        self.init(capacity: pairs.count)
        var whole: [UInt8] = []
        for (rank, pair) in pairs.enumerated() {
            whole.removeAll(keepingCapacity: true)
            whole.append(contentsOf: pair.left)
            whole.append(contentsOf: pair.right)
            guard let left = vocabulary.id(of: pair.left), let right = vocabulary.id(of: pair.right),
                let merged = vocabulary.id(of: whole)
            else {
                let name = quoted(String(decoding: whole, as: UTF8.self))
                throw .damaged(
                    place: file, problem: "merge \(rank), to \(name), uses a token that is not in the vocabulary")
            }
            self[Int32(left), Int32(right)] = Merge(rank: UInt32(rank), id: Int32(merged))
        }
    }
}
