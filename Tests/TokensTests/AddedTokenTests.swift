import Foundation
import JSON
import TestSupport
import Testing
import Tokens

/// The effect of the files beside `tokenizer.json` on its added tokens, recorded from transformers (`make_added.py`).
@Suite struct AddedTokenTests {
    private struct Case {
        let name: String
        let files: TokenizerFiles
        let text: String
        let ids: [Int]
        let decodeSkip: String
    }

    private static func cases() throws -> [Case] {
        let base = try JSONValue(parsing: bytes("qwen2-style/tokenizer.json"), limits: .longList)
        let list = try JSONValue(parsing: bytes("added/cases.json"), limits: .longList)
        return try #require(list.arrayValue).map { item in
            var tokenizer = try #require(base.objectValue)
            let removed = item["removed"]?.arrayValue ?? []
            tokenizer["added_tokens"] = .array(
                (base["added_tokens"]?.arrayValue ?? []).filter { token in
                    !removed.contains { $0 == token["content"] }
                })
            func file(_ name: String) -> TokenizerFiles.File? {
                item["files"]?[name].map { TokenizerFiles.File(Array($0.text.utf8), place: name) }
            }
            return Case(
                name: try #require(item["name"]?.stringValue),
                files: TokenizerFiles(
                    tokenizer: .init(Array(JSONValue.object(tokenizer).text.utf8), place: "tokenizer.json"),
                    configuration: file("tokenizer_config.json"), specialTokensMap: file("special_tokens_map.json"),
                    addedTokens: file("added_tokens.json")),
                text: try #require(item["text"]?.stringValue),
                ids: try #require(item["ids"]?.arrayValue).compactMap(\.intValue),
                decodeSkip: try #require(item["decode_skip"]?.stringValue))
        }
    }

    private static func bytes(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: Goldens.url("tokenizers/\(name)")))
    }

    @Test("flags, texts and ids of side files are read as by transformers")
    func recorded() throws {
        let cases = try Self.cases()
        #expect(cases.count >= 40)
        for item in cases {
            let tokenizer = try Tokenizer(files: item.files)
            #expect(tokenizer.encode(item.text, addSpecial: true) == item.ids, "\(item.name)")
            #expect(sameBytes(tokenizer.decode(item.ids, skipSpecial: true), item.decodeSkip), "\(item.name)")
        }
    }

    @Test("a token whose id differs from its file's gives a warning")
    func warnings() throws {
        for item in try Self.cases() {
            let warnings = try Tokenizer(files: item.files).warnings
            #expect(warnings.isEmpty == !Self.namesWithOtherIDs.contains(item.name), "\(item.name): \(warnings)")
        }
        let gap = try #require(try Self.cases().first { $0.name == "gap, Qwen2Tokenizer" })
        #expect(
            try Tokenizer(files: gap.files).warnings
                == ["'<custom>' has the id 1998, as in transformers, and not 2005 as tokenizer_config.json says"])
    }

    private static let namesWithOtherIDs: Set<String> = [
        "flags, Qwen2Tokenizer", "flags, PreTrainedTokenizerFast", "gap, Qwen2Tokenizer",
        "gap, PreTrainedTokenizerFast", "swapped ids, PreTrainedTokenizerFast",
        "left out, Qwen2Tokenizer", "renamed, PreTrainedTokenizerFast", "another at an id, PreTrainedTokenizerFast",
    ]

    @Test(
        "invalid side files are refused by name",
        arguments: [
            (
                #"{"added_tokens_decoder": {"x": {"content": "a"}}}"#,
                "added_tokens_decoder 'x' is not an id with a token"
            ),
            (#"{"added_tokens_decoder": {"3": "a"}}"#, "added_tokens_decoder '3' is not an id with a token"),
            (#"{"eos_token": 3}"#, "eos_token is 3, which is not a token"),
            ("[]", "holds an array of 0 elements, not an object"),
        ])
    func damaged(_ configuration: String, _ problem: String) throws {
        let files = TokenizerFiles(
            tokenizer: .init(try Self.bytes("qwen2-style/tokenizer.json"), place: "tokenizer.json"),
            configuration: .init(Array(configuration.utf8), place: "tokenizer_config.json"))
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(files: files) }
        #expect(error == .damaged(place: "tokenizer_config.json", problem: problem))
    }
}
