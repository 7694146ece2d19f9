import Foundation
import JSON
import Serving
import TestSupport
import Testing
import Tokens

/// Logprobs name every token, also parts of characters.
struct TokenNamesTests {
    private static func names() throws -> (TokenNames, Tokenizer) {
        let tokenizer = try Tokenizer(directory: Goldens.url("tokenizers/qwen2-style").path)
        return (TokenNames(tokenizer: tokenizer), tokenizer)
    }

    @Test("the bytes of tokens are those of the text, also where a token ends within a character")
    func bytes() throws {
        let (names, tokenizer) = try Self.names()
        for text in ["Repeat: 😀🦜漢字 你好", "á é ñ"] {
            let ids = tokenizer.encode(text, addSpecial: false)
            #expect(ids.flatMap(names.bytes(of:)) == Array(text.utf8))
        }
        let parts = tokenizer.encode("🦜", addSpecial: false)
        #expect(parts.count > 1)
        #expect(parts.map(names.name(of:)).allSatisfy { $0.hasPrefix("bytes:\\x") })
        #expect(names.name(of: tokenizer.encode("a", addSpecial: false)[0]) == "a")
    }

    @Test("no token is lost for having the text of another")
    func doubles() throws {
        let entries = LogprobsByText([("a", 1, -1.5), ("b", 2, -2.5), ("a", 3, -3.5)])
        #expect(
            try JSONValue(encoding: entries) == ["a": .double(-1.5), "b": .double(-2.5), "token_id:3": .double(-3.5)])
    }
}
