import Foundation
import JSON
import TestSupport
import Testing
import Tokens

/// Conversations rendered by this project's templates, recorded from transformers' `apply_chat_template`
/// (`make_chat.py`).
@Suite struct ChatGoldenTests {
    struct Golden {
        let root: JSONValue

        init() throws {
            let bytes = try Array(Data(contentsOf: Goldens.url("tokenizers/chat/cases.json")))
            root = try JSONValue(parsing: bytes, limits: .longList)
        }

        func tokenizer(_ template: String) throws -> Tokenizer {
            let config = try #require(root["configs"]?[template])
            let source = try String(
                decoding: Data(contentsOf: Goldens.url("tokenizers/chat/\(template).jinja")), as: UTF8.self)
            let json = try Array(Data(contentsOf: Goldens.url("tokenizers/qwen2-style/tokenizer.json")))
            return try Tokenizer(
                files: TokenizerFiles(
                    tokenizer: .init(json, place: "tokenizer.json"),
                    configuration: .init(Array(config.text.utf8), place: "tokenizer_config.json"),
                    templates: ["default": source]))
        }

        /// The chat as a JSON file.
        func chat(_ item: JSONValue) throws -> String {
            var chat: JSONObject = [:]
            chat["messages"] = root["conversations"]?[try #require(item["conversation"]?.stringValue)]
            let settings = try #require(root["settings"]?.arrayValue)[try #require(item["settings"]?.intValue)]
            for (name, value) in try #require(settings.objectValue) { chat[name] = value }
            return JSONValue.object(chat).text
        }
    }

    @Test(
        "conversations, tools, documents and variables render as in transformers",
        arguments: [
            "thinking", "alternating", "parts",
        ])
    func recorded(_ template: String) throws {
        let golden = try Golden()
        let tokenizer = try golden.tokenizer(template)
        let cases = try #require(golden.root["cases"]?.arrayValue).filter { $0["template"]?.stringValue == template }
        #expect(cases.count >= 100)
        for item in cases {
            let chat = try ChatDocument(json: golden.chat(item))
            let result = Result { () throws(TokenizerError) in
                try tokenizer.renderChat(
                    chat.messages, addGenerationPrompt: chat.addGenerationPrompt, options: chat.options)
            }
            let name: Comment = "\(template), \(item["conversation"] ?? .null), settings \(item["settings"] ?? .null)"
            switch (result, item["text"]?.stringValue, item["error"]?.stringValue) {
            case (.success(let text), let expected?, nil): #expect(sameBytes(text, expected), name)
            case (.failure(let error), nil, let message?):
                #expect(error.description.contains("line "), name)
                if error.description.contains("refuses") { #expect(error.description.hasSuffix(message), name) }
            default: Issue.record("\(result), not \(item)")
            }
        }
    }
}
