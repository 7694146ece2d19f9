extension Tokenizer {
    /// The first id that stands for other text in `other`, or for none in one of them; nil where all tokens are the same.
    package func firstDifference(from other: Tokenizer) -> Int? {
        (0..<max(vocabularySize, other.vocabularySize)).first {
            bytes(of: $0, skipSpecial: false) != other.bytes(of: $0, skipSpecial: false)
        }
    }
}
