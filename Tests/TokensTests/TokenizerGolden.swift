import Foundation
import TestSupport
import Tokens

/// A tokenizer with its cases, recorded from Hugging Face tokenizers.
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

        /// Decoded from hexadecimal, so that no JSON parser can alter it.
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

/// SmolLM2's tokenizer from its GGUF file, without the file's 140 MB of weights.
struct RecordedVocabulary: Decodable {
    let model: String
    let pre: String
    let tokens: [String]
    let merges: [String]
    /// Runs of equal types: the type and the number of tokens.
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

/// Compares bytes. Swift's `==` also accepts canonically equivalent text, such as precomposed and decomposed "é".
func sameBytes(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }
