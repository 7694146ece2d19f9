import Foundation
import TestSupport
import Testing

/// `volley depth`.
struct DepthCommandTests {
    private static let prompt = ["--model", Goldens.url("flexidepth").path, "--prompt-ids", "5,6,7,8"]

    struct Document: Decodable {
        let layers: Int
        let tokens: [Token]
        let usage: [Double]

        struct Token: Decodable {
            let layersUsed: Int
            let ran: [Bool]
            let gates: [Float?]
        }
    }

    @Test("JSON contains every decision and gate")
    func json() throws {
        let command = try Command.run(["depth"] + Self.prompt + ["--max-tokens", "5", "--json"])
        #expect(command.status == 0, "\(command.errors)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let document = try decoder.decode(Document.self, from: command.output)
        #expect((document.layers, document.usage.count) == (8, 8))
        for token in document.tokens {
            #expect(token.ran.count { $0 } == token.layersUsed)
            #expect(token.gates.prefix(4).allSatisfy { $0 == nil })
            #expect(zip(token.gates, token.ran).dropFirst(4).allSatisfy { gate, ran in ran == ((gate ?? 0) > 0.5) })
        }
    }

    @Test("without a terminal numbers replace colours, and a page can be written too")
    func text() throws {
        let directory = try TemporaryDirectory()
        let page = directory.path + "/map.html"
        let command = try Command.run(["depth"] + Self.prompt + ["--max-tokens", "5", "--html", page])
        #expect(command.status == 0, "\(command.errors)")
        #expect(!command.text.contains("\u{1B}"))
        #expect(command.text.contains(/^#5 \[\d\]#6 \[\d\]/))
        #expect(command.text.contains("layer 7"))
        #expect(try String(decoding: directory.read("map.html"), as: UTF8.self).hasPrefix("<!doctype html>"))
    }

    @Test("a plan that skips no layer is refused")
    func nothingSkipped() throws {
        let command = try Command.run(["depth"] + Self.prompt + ["--plan", "off"])
        #expect(command.status == 1)
        #expect(command.errors.contains("every token runs every layer with --plan off"))
        #expect(try Command.run(["depth"] + Self.prompt + ["--plan", "exit:3", "--max-tokens", "2"]).status == 0)
    }
}
