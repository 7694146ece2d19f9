import Tokens

/// How answers name tokens.
package struct TokenNames: Sendable {
    package let tokenizer: Tokenizer?

    package init(tokenizer: Tokenizer?) { self.tokenizer = tokenizer }

    /// The text of a token; U+FFFD stands for parts of characters.
    package func text(of id: Int) -> String { tokenizer?.decode([id], skipSpecial: false) ?? String(id) }

    package func bytes(of id: Int) -> [UInt8] { tokenizer?.bytes(of: id) ?? Array(text(of: id).utf8) }

    /// The token's text or, for parts of characters, its bytes as OpenAI writes them: `bytes:\xe4\xbd`.
    package func name(of id: Int) -> String {
        let bytes = bytes(of: id)
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return "bytes:" + bytes.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
