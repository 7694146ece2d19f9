import JSON
import Foundation
import TestSupport
import Testing
import Tokens

/// Damaged tokenizers must give an error, or still encode and decode text: no crash, no hang.
@Suite struct TokenizerFuzzTests {
    private static let text = "Hello 'S wörld 12345 <|im_end|> 한글 \u{0} <think>\n\n x"

    @Test(arguments: ["qwen2-style", "llama3-style"])
    func files(_ name: String) throws {
        let json = shortened(try Array(Data(contentsOf: Goldens.url("tokenizers/\(name)/tokenizer.json"))))
        let configuration = try Array(Data(contentsOf: Goldens.url("tokenizers/\(name)/tokenizer_config.json")))
        var mutator = FileMutator(seed: 0x70C)
        var accepted = 0
        for round in 0..<fuzzRounds {
            let damagesConfiguration = round % 5 == 0
            let tokenizer = try? Tokenizer(
                files: TokenizerFiles(
                    tokenizer: .init(
                        damagesConfiguration ? json : mutator.mutated(json, isText: true), place: "tokenizer.json"),
                    configuration: .init(
                        damagesConfiguration ? mutator.mutated(configuration, isText: true) : configuration,
                        place: "tokenizer_config.json")))
            guard let tokenizer else { continue }
            accepted += 1
            use(tokenizer)
        }
        #expect(accepted > 0)
        #expect(accepted < fuzzRounds)
    }

    @Test func ggufFields() throws {
        let seed = try Goldens.decode(RecordedVocabulary.self, "tokenizers/smollm2/vocabulary.json").vocabulary
        var small = seed
        small.tokens = Array(seed.tokens.prefix(300))
        small.tokenTypes = Array(seed.tokenTypes.prefix(300))
        small.merges = seed.merges.filter { merge in
            let whole = merge.filter { $0 != 0x20 }
            return small.tokens.contains(whole)
        }
        #expect(small.merges.count > 10)
        _ = try Tokenizer(gguf: small)
        var mutator = FileMutator(seed: 0x66F)
        for _ in 0..<fuzzRounds { if let tokenizer = try? Tokenizer(gguf: damaged(small, &mutator)) { use(tokenizer) } }
    }

    private func damaged(_ seed: GGUFVocabulary, _ mutator: inout FileMutator) -> GGUFVocabulary {
        var gguf = seed
        let number = [-1, 0, 2, 3, 5, 299, 300, Int.max, Int.min].randomElement(using: &mutator.random)
        switch Int.random(in: 0..<9, using: &mutator.random) {
        case 0:
            gguf.tokens[Int.random(in: 0..<300, using: &mutator.random)] = mutator.mutated(
                Array("ab".utf8), isText: false)
        case 1:
            gguf.merges[Int.random(in: 0..<10, using: &mutator.random)] = mutator.mutated(
                Array("a b".utf8), isText: false)
        case 2: gguf.tokenTypes[Int.random(in: 0..<300, using: &mutator.random)] = number ?? 0
        case 3: gguf.beginID = number
        case 4: gguf.endID = number
        case 5: gguf.endOfTurnID = number
        case 6: gguf.tokens.removeLast(Int.random(in: 1...300, using: &mutator.random))
        case 7:
            let template = Array((gguf.chatTemplates["default"] ?? "").utf8)
            gguf.chatTemplates["default"] = String(decoding: mutator.mutated(template, isText: true), as: UTF8.self)
        default: gguf.tokenTypes.removeLast(Int.random(in: 1...300, using: &mutator.random))
        }
        return gguf
    }

    private func use(_ tokenizer: Tokenizer) {
        let ids = tokenizer.encode(Self.text, addSpecial: true)
        #expect(ids.allSatisfy { (0..<tokenizer.vocabularySize).contains($0) })
        _ = tokenizer.decode(ids + [-1, Int.max, tokenizer.vocabularySize], skipSpecial: true)
        let chat = [ChatMessage(role: "user", content: Self.text)]
        _ = try? tokenizer.renderChat(chat, addGenerationPrompt: true, enableThinking: false)
    }

    /// The file with fewer merges, because a round's time grows with the file.
    private func shortened(_ json: [UInt8]) -> [UInt8] {
        guard var root = try? JSONSerialization.jsonObject(with: Data(json)) as? [String: Any],
            var model = root["model"] as? [String: Any], let merges = model["merges"] as? [Any]
        else { return json }
        model["merges"] = Array(merges.prefix(20))
        model["vocab"] = (model["vocab"] as? [String: Int])?.filter { $0.value < 300 }
        root["model"] = model
        return (try? JSONSerialization.data(withJSONObject: root)).map { [UInt8]($0) } ?? json
    }
}
