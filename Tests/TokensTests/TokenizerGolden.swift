import Foundation
import TestSupport
import Tokens

/// The recorded cases of one tokenizer, and the tokenizer itself; values are Hugging Face tokenizers'.
struct TokenizerGolden {
    let tokenizer: Tokenizer
    let cases: Cases
    let chats: Chats

    init(_ name: String) throws {
        let folder = "tokenizers/\(name)"
        cases = try Goldens.decode(Cases.self, "\(folder)/cases.json")
        chats = try Goldens.decode(Chats.self, "\(folder)/chat.json")
        tokenizer =
            name == "smollm2"
            ? try Tokenizer(gguf: Goldens.decode(RecordedVocabulary.self, "\(folder)/vocabulary.json").vocabulary)
            : try Tokenizer(directory: Goldens.url(folder).path)
    }

    struct Cases: Decodable {
        let vocabSize: Int
        let cases: [Case]
        let decode: [Decoded]
        let stream: [Streamed]

        private enum CodingKeys: String, CodingKey {
            case vocabSize = "vocab_size"
            case cases, decode, stream
        }
    }

    struct Case: Decodable {
        let name: String
        let utf8: String
        let ids: [Int]
        let idsSpecial: [Int]
        let idsSpecialsAsText: [Int]?
        let decode: String
        let decodeSkip: String

        /// From the hexadecimal form, which no JSON reader can bend.
        var text: String {
            let digits = Array(utf8.utf8).map { UInt8($0 <= 0x39 ? $0 - 0x30 : $0 - 0x57) }
            let bytes = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
            return String(decoding: bytes, as: UTF8.self)
        }

        private enum CodingKeys: String, CodingKey {
            case name, utf8, ids, decode
            case idsSpecial = "ids_special"
            case idsSpecialsAsText = "ids_specials_as_text"
            case decodeSkip = "decode_skip"
        }
    }

    struct Decoded: Decodable {
        let name: String
        let ids: [Int]
        let decode: String
        let decodeSkip: String

        private enum CodingKeys: String, CodingKey {
            case name, ids, decode
            case decodeSkip = "decode_skip"
        }
    }

    struct Streamed: Decodable {
        let name: String
        let ids: [Int]
        let skipSpecial: Bool
        let chunks: [String]
        let flush: String
        let text: String

        private enum CodingKeys: String, CodingKey {
            case name, ids, chunks, flush, text
            case skipSpecial = "skip_special"
        }
    }

    struct Chats: Decodable { let cases: [Chat] }

    struct Chat: Decodable {
        let name: String
        let messages: [ChatMessage]
        let addGenerationPrompt: Bool
        let enableThinking: Bool?
        let prompt: String
        let ids: [Int]?

        private enum CodingKeys: String, CodingKey {
            case name, messages, prompt, ids
            case addGenerationPrompt = "add_generation_prompt"
            case enableThinking = "enable_thinking"
        }
    }
}

/// SmolLM2's tokenizer as its GGUF file has it, so that it can be tested without the 140 MB around it.
struct RecordedVocabulary: Decodable {
    let model: String
    let pre: String
    let tokens: [String]
    let merges: [String]
    /// Type and how many tokens in a row have it.
    let tokenTypeRuns: [[Int]]
    let beginID: Int
    let endID: Int
    let addsBegin: Bool
    let chatTemplate: String

    var vocabulary: GGUFVocabulary {
        GGUFVocabulary(
            model: model, pre: pre, tokens: tokens.map { Array($0.utf8) }, merges: merges.map { Array($0.utf8) },
            tokenTypes: tokenTypeRuns.flatMap { Array(repeating: $0[0], count: $0[1]) }, beginID: beginID,
            endID: endID, addsBegin: addsBegin, chatTemplates: ["default": chatTemplate])
    }
}

/// Equality of the very bytes: Swift's own takes "é" and "e" with an accent for the same.
func sameBytes(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }
