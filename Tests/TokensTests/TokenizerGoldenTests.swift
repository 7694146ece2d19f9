import Testing
import Tokens

/// Every case recorded from Hugging Face tokenizers.
@Suite struct TokenizerGoldenTests {
    static let names = ["smollm2", "qwen2-style", "llama3-style"]

    @Test("text encodes to the recorded ids", arguments: names)
    func encode(_ name: String) throws {
        let golden = try TokenizerGolden(name)
        #expect(golden.tokenizer.vocabularySize == golden.cases.vocabSize)
        #expect(golden.cases.cases.count >= 85)
        for item in golden.cases.cases {
            let text = item.text
            #expect(golden.tokenizer.encode(text, addSpecial: false) == item.ids, "\(item.name)")
            #expect(golden.tokenizer.encode(text, addSpecial: true) == item.idsSpecial, "\(item.name)")
            #expect(
                golden.tokenizer.encode(text, addSpecial: false, parseSpecial: false)
                    == item.idsSpecialsAsText ?? item.ids, "\(item.name)")
        }
    }

    @Test("ids decode to the recorded text, with and without special tokens", arguments: names)
    func decode(_ name: String) throws {
        let golden = try TokenizerGolden(name)
        let cases =
            golden.cases.cases.map { ($0.name, $0.idsSpecial, $0.decode, $0.decodeSkip) }
            + golden.cases.decode.map { ($0.name, $0.ids, $0.decode, $0.decodeSkip) }
        for (name, ids, kept, skipped) in cases {
            #expect(sameBytes(golden.tokenizer.decode(ids, skipSpecial: false), kept), "\(name)")
            #expect(sameBytes(golden.tokenizer.decode(ids, skipSpecial: true), skipped), "\(name)")
        }
    }

    @Test("streams emit each character once complete, never half of one", arguments: names)
    func stream(_ name: String) throws {
        let golden = try TokenizerGolden(name)
        #expect(!golden.cases.stream.isEmpty)
        for item in golden.cases.stream {
            var decoder = StreamDecoder(golden.tokenizer, skipSpecial: item.skipSpecial)
            var text = ""
            for (id, chunk) in zip(item.ids, item.chunks) {
                let given = decoder.append(id)
                #expect(sameBytes(given, chunk), "\(item.name)")
                text += given
            }
            let rest = decoder.flush()
            #expect(sameBytes(rest, item.flush), "\(item.name)")
            #expect(sameBytes(text + rest, item.text), "\(item.name)")
        }
    }

    @Test("chats render to the recorded prompts", arguments: names)
    func chat(_ name: String) throws {
        let golden = try TokenizerGolden(name)
        for item in golden.chats.cases {
            let prompt = try golden.tokenizer.renderChat(
                item.messages, addGenerationPrompt: item.addGenerationPrompt, enableThinking: item.enableThinking)
            #expect(sameBytes(prompt, item.prompt), "\(item.name): \(prompt)")
            if let ids = item.ids { #expect(golden.tokenizer.encode(prompt, addSpecial: false) == ids, "\(item.name)") }
        }
    }
}
