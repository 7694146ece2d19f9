/// Decodes token ids one at a time.
///
/// A token can end inside a character. The decoder holds back such a character until it is complete or invalid. All
/// returned text together equals `Tokenizer.decode` of all ids.
package struct StreamDecoder: Sendable {
    private let tokenizer: Tokenizer
    private let skipSpecial: Bool
    private var assembler = UTF8Assembler()

    /// - Parameter skipSpecial: whether to skip special tokens.
    package init(_ tokenizer: Tokenizer, skipSpecial: Bool) {
        self.tokenizer = tokenizer
        self.skipSpecial = skipSpecial
    }

    /// Decodes the next token and returns the text that is final by now, often "". Unknown ids decode to nothing.
    package mutating func append(_ id: Int) -> String {
        var text = ""
        append(id, to: &text)
        return text
    }

    /// Returns the held-back text: U+FFFD for an incomplete character. The decoder can be reused.
    package mutating func flush() -> String {
        var text = ""
        assembler.flush(to: &text)
        return text
    }

    mutating func append(_ id: Int, to text: inout String) {
        if let bytes = tokenizer.bytes(of: id, skipSpecial: skipSpecial) { assembler.append(bytes, to: &text) }
    }
}
