import Foundation
import TestSupport
import Testing

/// Commands with an FP8 directory.
struct FP8CommandTests {
    private static let model = Goldens.url("fp8").path

    private struct Expected: Decodable {
        struct Case: Decodable { let prompt, tokens: [Int] }
        let cases: [Case]
    }

    private static func tokens(_ model: String, _ options: String..., prompt: [Int]) throws -> [Int] {
        let ids = prompt.map(String.init).joined(separator: ",")
        return try GenerateTests.report(
            ["--model", model, "--prompt-ids", ids, "--max-tokens", "24", "--ignore-eos"] + options
        ).tokens
    }

    @Test("it generates with no option but --model, in other formats, and packed")
    func generates() throws {
        let directory = try TemporaryDirectory()
        let packed = directory.path + "/packed"
        let pack = try Command.run(["pack", Self.model, packed, "--format", "q8_0", "--embed-format", "keep"])
        #expect(pack.status == 0)
        for golden in try Goldens.decode(Expected.self, "fp8/expected.json").cases {
            #expect(try Self.tokens(Self.model, prompt: golden.prompt) == golden.tokens)
            let rounded = try Self.tokens(Self.model, "--fp8-format", "q8_0", prompt: golden.prompt)
            #expect(try Self.tokens(packed, prompt: golden.prompt) == rounded)
        }
    }

    @Test("inspect shows the stored format and the one that it is converted to")
    func inspect() throws {
        let text = try Command.run(["inspect", Self.model]).text
        #expect(text.contains("fp8: e4m3 with a scale for every 128 × 128 values, made bf16 on the way in"))
        #expect(text.contains("f8_e4m3 as bf16"))
        struct Document: Decodable {
            let quantization: String?
            let bytes, stored_bytes: Int
        }
        let json = try Command.run(["inspect", Self.model, "--json"]).text
        let document = try JSONDecoder().decode(Document.self, from: Data(json.utf8))
        #expect(document.quantization?.hasPrefix("fp8") == true)
        #expect(document.stored_bytes < document.bytes)
    }

    @Test("a format that cannot be written is refused")
    func refused() throws {
        let command = try Command.run(["generate", "--model", Self.model, "--fp8-format", "q4_K", "Hi"])
        #expect(command.status == 64 && command.errors.contains("'q4_K' is invalid for '--fp8-format"))
    }
}
