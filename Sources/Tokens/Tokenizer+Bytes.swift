extension Tokenizer {
    /// The bytes that each token writes, by id; nil for ids without a token and for special tokens.
    package var textBytes: [[UInt8]?] {
        (0..<vocabularySize).map { bytes(of: $0, skipSpecial: true).map(Array.init) }
    }
}
