extension Tokenizer {
    /// The first id whose token differs in `other` or exists in only one of them; nil if all are equal.
    package func firstDifference(from other: Tokenizer) -> Int? {
        (0..<max(vocabularySize, other.vocabularySize)).first {
            bytes(of: $0, skipSpecial: false) != other.bytes(of: $0, skipSpecial: false)
        }
    }

    /// The text of one token, special ones included; nil if there is none.
    package func text(of id: Int) -> String? {
        bytes(of: id, skipSpecial: false).map { String(decoding: $0, as: UTF8.self) }
    }
}
