import Foundation
import JSON
import TestSupport
import Testing
import Tokens

/// Damaged chat files and damaged templates must give a text or an error: no crash, no hang.
@Suite struct ChatFuzzTests {
    @Test("damaged chat files", arguments: ["thinking", "alternating", "parts"])
    func files(_ template: String) throws {
        let golden = try ChatGoldenTests.Golden()
        let tokenizer = try golden.tokenizer(template)
        let cases = try #require(golden.root["cases"]?.arrayValue).filter { $0["template"]?.stringValue == template }
        let chats = try cases.map { Array(try golden.chat($0).utf8) }
        var mutator = FileMutator(seed: 0xC4A7)
        var (read, written) = (0, 0)
        for round in 0..<fuzzRounds {
            let json = String(decoding: mutator.mutated(chats[round % chats.count], isText: true), as: UTF8.self)
            guard let chat = try? ChatDocument(json: json) else { continue }
            read += 1
            let text = try? tokenizer.renderChat(
                chat.messages, addGenerationPrompt: chat.addGenerationPrompt, options: chat.options)
            if text != nil { written += 1 }
        }
        #expect(read > 0 && written > 0 && read < fuzzRounds)
    }

    @Test("damaged templates", arguments: ["thinking", "alternating", "parts"])
    func templates(_ name: String) throws {
        let golden = try ChatGoldenTests.Golden()
        let tokenizer = try golden.tokenizer(name)
        let source = try Array(Data(contentsOf: Goldens.url("tokenizers/chat/\(name).jinja")))
        let cases = try #require(golden.root["cases"]?.arrayValue).filter { $0["template"]?.stringValue == name }
        let chats = try cases.map { try ChatDocument(json: golden.chat($0)) }
        var mutator = FileMutator(seed: 0x7E3B)
        var written = 0
        for round in 0..<fuzzRounds {
            let damaged = tokenizer.with(
                chatTemplate: String(decoding: mutator.mutated(source, isText: true), as: UTF8.self))
            let chat = chats[round % chats.count]
            let text = try? damaged.renderChat(
                chat.messages, addGenerationPrompt: chat.addGenerationPrompt, options: chat.options)
            if text != nil { written += 1 }
        }
        #expect(written > 0 && written < fuzzRounds)
    }
}
