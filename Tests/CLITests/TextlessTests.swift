import Foundation
import TestSupport
import Testing

/// A model whose tokenizer is not implemented runs on token ids, and refuses text by name.
@Suite struct TextlessTests {
    /// A small model with an additional file.
    private func withModel(_ name: String, _ content: String, _ body: (String) throws -> Void) throws {
        let directory = try TemporaryDirectory()
        let model = directory.path + "/model"
        try FileManager.default.copyItem(atPath: Goldens.url("dmtd/qwen3-tied").path, toPath: model)
        try directory.write(content, "model/\(name)")
        try body(model)
    }

    private static let unigram = #"""
        {"normalizer": null, "pre_tokenizer": {"type": "Metaspace", "replacement": "▁"},
        "decoder": {"type": "Metaspace"}, "model": {"type": "Unigram", "vocab": [["a", 0.0]]}}
        """#

    @Test(
        "token ids go in and out of a model with a SentencePiece vocabulary, text does not",
        arguments: [("tokenizer.model", "\n\u{0B}", "tokenizer.model"), ("tokenizer.json", unigram, "'Metaspace'")])
    func sentencePiece(_ file: String, _ content: String, _ name: String) throws {
        try withModel(file, content) { model in
            let ids = try Command.run(
                ["generate", "--model", model, "--prompt-ids", "1,2", "--max-tokens", "3", "--json"])
            #expect(ids.status == 0, "\(ids.errors)")
            #expect(ids.text.contains(#""text" : """#) || ids.text.contains(#""text":"""#))
            let shown = try Command.run(["generate", "--model", model, "--prompt-ids", "1,2", "--max-tokens", "3"])
            #expect(shown.status == 0)
            #expect(shown.errors.contains("--json prints the token ids"))
            for arguments in [
                ["generate", "--model", model, "Hi"], ["tokenize", "--model", model, "Hi"],
                ["generate", "--model", model, "--prompt-ids", "1", "--stop", "x"],
                ["chat", "--model", model],
            ] {
                let refused = try Command.run(arguments)
                #expect(refused.status == 1, "\(arguments)")
                #expect(refused.errors.contains(name) && refused.errors.contains("--prompt-ids"), "\(refused.errors)")
                #expect(refused.errors.split(separator: "\n").count == 1, "\(refused.errors)")
            }
        }
    }
}
