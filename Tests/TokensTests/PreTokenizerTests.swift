import Foundation
import TestSupport
import Testing
import Tokens

/// Pre-tokenizers: those named by GGUF's `tokenizer.ggml.pre`, and the expressions of `tokenizer.json`.
@Suite struct PreTokenizerTests {
    private struct Cases: Decodable {
        let texts: [String]
        /// Byte lengths of the pieces of each text, by name.
        let lengths: [String: [[Int]]]
    }

    static func tokenizer(pre: String?) throws -> Tokenizer {
        let tokens = ["a", "<s>"].map { Array($0.utf8) }
        return try Tokenizer(
            gguf: GGUFVocabulary(
                model: "gpt2", pre: pre, tokens: tokens, merges: [], tokenTypes: [1, 3], beginID: 1))
    }

    @Test("every name splits like Hugging Face tokenizers with the model's expressions")
    func recorded() throws {
        let cases = try Goldens.decode(Cases.self, "tokenizers/pre/cases.json")
        #expect(cases.lengths.count >= 13)
        for (name, lengths) in cases.lengths {
            let tokenizer = try Self.tokenizer(pre: name)
            for (text, expected) in zip(cases.texts, lengths) {
                let pieces = tokenizer.pieces(of: text)
                #expect(pieces.map(\.utf8.count) == expected, "\(name): \(pieces)")
                #expect(sameBytes(pieces.joined(), text))
            }
        }
    }

    @Test(
        "aliases split alike",
        arguments: [
            ("llama3", "llama-bpe"), ("llama-v3", "llama-bpe"), ("falcon3", "llama-bpe"), ("dbrx", "llama-bpe"),
            ("megrez", "qwen2"), ("hunyuan", "qwen2"), ("olmo", "gpt-2"), ("minerva-7b", "smollm"),
            ("hunyuan-dense", "deepseek-v3"), ("kanana2", "gpt-4o"),
        ])
    func aliases(_ name: String, _ other: String) throws {
        let texts = try Goldens.decode(Cases.self, "tokenizers/pre/cases.json").texts
        let (left, right) = (try Self.tokenizer(pre: name), try Self.tokenizer(pre: other))
        for text in texts { #expect(left.pieces(of: text) == right.pieces(of: text)) }
    }

    @Test("a file without a pre-tokenizer uses llama.cpp's default, with a warning")
    func missing() throws {
        let tokenizer = try Self.tokenizer(pre: nil)
        #expect(tokenizer.pieces(of: "DON'T 12345") == ["DON", "'", "T", " ", "123", "45"])
        #expect(tokenizer.warnings.count == 1)
        #expect(tokenizer.warnings.first?.contains("tokenizer.ggml.pre") == true)
        #expect(tokenizer.encode("a", addSpecial: true) == [0])
        let named = try Self.tokenizer(pre: "default")
        #expect(named.warnings.isEmpty)
        #expect(named.pieces(of: "DON'T 12345") == tokenizer.pieces(of: "DON'T 12345"))
    }

    @Test("unimplemented names are refused by name", arguments: ["gemma4", "kimi-k2", "superbpe", ""])
    func unknown(_ name: String) throws {
        let error = #expect(throws: TokenizerError.self) { try Self.tokenizer(pre: name) }
        #expect(error?.description.contains("tokenizer.ggml.pre '\(name)' is not implemented") == true)
        #expect(error?.description.contains("--prompt-ids") == true)
    }

    @Test("Llama 3's names prepend the begin token, others do not")
    func begins() throws {
        #expect(try Self.tokenizer(pre: "llama-bpe").encode("a", addSpecial: true) == [1, 0])
        #expect(try Self.tokenizer(pre: "smaug-bpe").encode("a", addSpecial: true) == [0])
    }

    @Test("a prompt that starts with two begin tokens gives a warning")
    func doubledBegin() throws {
        let tokenizer = try Self.tokenizer(pre: "llama-bpe")
        func warning(_ text: String, addSpecial: Bool) -> String? {
            tokenizer.warning(forPrompt: tokenizer.encode(text, addSpecial: addSpecial))
        }
        #expect(warning("<s>a", addSpecial: true)?.contains("'<s>' twice") == true)
        #expect(warning("<s>a", addSpecial: false) == nil)
        #expect(warning("a<s><s>", addSpecial: true) == nil)
    }
}

/// The expressions of `Split` in `tokenizer.json`, tested through a tokenizer.
@Suite struct ExpressionTests {
    private func tokenizer(_ split: String) throws -> Tokenizer {
        let json = """
            {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [\(split), {"type": "ByteLevel", "use_regex": false}]},
            "decoder": {"type": "ByteLevel"}, "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}
            """
        return try Tokenizer(files: TokenizerFiles(tokenizer: .init(Array(json.utf8), place: "tokenizer.json")))
    }

    private func split(_ expression: String, behavior: String = "Isolated", invert: Bool = false) throws -> Tokenizer {
        let text = String(decoding: try JSONEncoder().encode(expression), as: UTF8.self)
        return try tokenizer(
            #"{"type": "Split", "pattern": {"Regex": \#(text)}, "behavior": "\#(behavior)", "invert": \#(invert)}"#)
    }

    @Test(
        "syntax has Oniguruma's meaning",
        arguments: [
            (#"a|ab"#, "abab", ["a", "b", "a", "b"]), (#"(?:ab)+"#, "xababy", ["x", "abab", "y"]),
            (#"a{2,3}"#, "aaaaaa a", ["aaa", "aaa", " a"]), (#"a{2,}b?"#, "aaaab", ["aaaab"]),
            (#"a{2}"#, "aaa", ["aa", "a"]), (#"[^a\s]+"#, "bca d", ["bc", "a ", "d"]),
            (#"\d+(?=x)"#, "12x34", ["12", "x34"]), (#"\d+(?!x)"#, "12x34", ["1", "2x", "34"]),
            (#"(?i:K)"#, "k\u{212A}K", ["k", "\u{212A}", "K"]), (#"[\x{4E00}-龥]+"#, "a日本b", ["a", "日本", "b"]),
            (#"\u0041+"#, "bAA", ["b", "AA"]), (#"\s+$"#, "a  \nb  ", ["a", "  ", "\nb", "  "]),
            (#"a++b|a"#, "aab", ["aab"]), (#"a*+a|b"#, "aab", ["aa", "b"]), (#"\P{L}+"#, "a12b", ["a", "12", "b"]),
            (#"[\p{^L}]"#, "a1", ["a", "1"]), (#"[+\-*/]"#, "1-2", ["1", "-", "2"]), (#"."#, "a\nb", ["a", "\n", "b"]),
        ])
    func syntax(_ expression: String, _ text: String, _ pieces: [String]) throws {
        #expect(try split(expression).pieces(of: text) == pieces)
    }

    @Test("an inverted, removing split drops the text between its matches")
    func removed() throws {
        let tokenizer = try split(#"\p{L}+"#, behavior: "Removed", invert: true)
        #expect(tokenizer.pieces(of: "ab12cd ") == ["ab", "cd"])
    }

    @Test(
        "unimplemented syntax is refused by name",
        arguments: [
            (#"\p{Han}+"#, "the property 'Han'"), (#"[a&&[^b]]"#, "'&&'"), (#"a+?"#, "'?' at character 3"),
            (#"(?<=a)b"#, "'<' at character 3"), (#"\bfoo"#, "'b' at character 2"), (#"(a"#, "it ends in the middle"),
            (#"a*"#, "it can match the empty text"), (#"a{2,1}"#, "2 to 1 times"),
            (#"(a{1000}){1000}"#, "it is too long"),
        ])
    func refused(_ expression: String, _ problem: String) throws {
        let error = #expect(throws: TokenizerError.self) { try split(expression) }
        #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
    }

    @Test("catastrophic backtracking takes linear time", .timeLimit(.minutes(1)))
    func hostile() throws {
        let text = String(repeating: "a", count: 2000)
        #expect(try split(#"(?:a|aa)+b"#).pieces(of: text) == [text])
        #expect(try split(#"(?:a+)+b|c"#).pieces(of: text) == [text])
    }
}
