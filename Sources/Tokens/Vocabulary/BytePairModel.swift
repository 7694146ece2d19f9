import JSON

/// Byte-pair encoding (Sennrich et al. 2016) over bytes: the merges, and what each byte starts as.
struct BytePairModel: Sendable {
    let vocabulary: Vocabulary
    let merges: MergeTable
    /// Index: byte; its token. A byte without token is left out of the text, as Hugging Face's does it.
    let byteTokens: [Int32?]
    /// A piece that is one token as a whole is not merged up from its bytes.
    let ignoresMerges: Bool

    init(vocabulary: Vocabulary, merges: MergeTable, ignoresMerges: Bool) {
        self.vocabulary = vocabulary
        self.merges = merges
        self.ignoresMerges = ignoresMerges
        byteTokens = ByteAlphabet.characters.map { vocabulary.id(of: $0).map(Int32.init) }
    }

    /// The token that a whole piece is, where such tokens go before merges.
    func wholeToken(_ piece: some Sequence<UInt8>) -> Int? {
        guard ignoresMerges else { return nil }
        var text: [UInt8] = []
        for byte in piece { text.append(contentsOf: ByteAlphabet.characters[Int(byte)]) }
        return vocabulary.id(of: text)
    }
}

extension MergeTable {
    /// Reads merges, best first, each as its left and right token's text.
    /// - Throws: `TokenizerError.damaged` where a merge's parts or result are no tokens.
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
