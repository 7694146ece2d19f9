/// Turns token ids that come one at a time into text.
///
/// A token may end inside a character. Such a character is held back until it is whole, or cannot become so any more;
/// the parts given out and the rest that `flush()` gives are together what `Tokenizer.decode` gives for all ids.
package struct StreamDecoder: Sendable {
    private let tokenizer: Tokenizer
    private let skipSpecial: Bool
    private var assembler = UTF8Assembler()

    /// - Parameter skipSpecial: whether special tokens give no text.
    package init(_ tokenizer: Tokenizer, skipSpecial: Bool) {
        self.tokenizer = tokenizer
        self.skipSpecial = skipSpecial
    }

    /// Takes the next token; returns the text that is certain by now, often "". An id without a token gives nothing.
    package mutating func append(_ id: Int) -> String {
        var text = ""
        append(id, to: &text)
        return text
    }

    /// Returns what was held back: U+FFFD for a character that never became whole. The decoder may be used again.
    package mutating func flush() -> String {
        var text = ""
        assembler.flush(to: &text)
        return text
    }

    mutating func append(_ id: Int, to text: inout String) {
        if let bytes = tokenizer.bytes(of: id, skipSpecial: skipSpecial) { assembler.append(bytes, to: &text) }
    }
}
