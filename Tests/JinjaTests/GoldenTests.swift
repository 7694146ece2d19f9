import Foundation
import JSON
import Jinja
import TestSupport
import Testing

/// Renders templates recorded with jinja2 3.1 by `Goldens/jinja/make.py`. The text must match byte for byte, or the
/// error in kind.
@Suite struct JinjaGoldenTests {
    private static func read(_ name: String) throws -> JSONValue {
        try JSONValue(parsing: Array(Data(contentsOf: Goldens.url("jinja/\(name)"))), limits: .configuration)
    }

    /// 4 July 2024, 9:05:03 local time, as in `make.py`.
    private static let now =
        Calendar(identifier: .gregorian)
        .date(from: DateComponents(year: 2024, month: 7, day: 4, hour: 9, minute: 5, second: 3)) ?? .now

    private func check(_ source: String, _ context: JSONObject, _ expected: JSONValue, _ name: String) {
        do throws(TemplateError) {
            let text = try Template(source).render(context, now: Self.now)
            #expect(text.utf8.elementsEqual((expected["text"]?.stringValue ?? "an error").utf8), "\(name): \(text)")
        } catch {
            let kind =
                switch error {
                case .syntax: "syntax"
                case .raised: "raised"
                case .failed, .limit: "failed"
                }
            #expect(kind == expected["error"]?.stringValue, "\(name): \(error)")
            if case .raised(_, let message) = error { #expect(message == expected["message"]?.stringValue) }
        }
    }

    @Test func smallTemplates() throws {
        let golden = try Self.read("cases.json")
        let context = try #require(golden["context"]?.objectValue)
        let cases = try #require(golden["cases"]?.arrayValue)
        #expect(cases.count > 360)
        for entry in cases {
            let source = try #require(entry["template"]?.stringValue)
            check(source, context, entry, source)
        }
    }

    @Test func chatTemplates() throws {
        let golden = try Self.read("cases.json")
        let conversations = try Self.read("conversations.json")
        let chats = try #require(golden["chats"]?.arrayValue)
        #expect(chats.count > 250)
        for entry in chats {
            let file = try #require(entry["template"]?.stringValue)
            let name = try #require(entry["conversation"]?.stringValue)
            let source = try String(contentsOf: Goldens.url("jinja/templates/\(file)"), encoding: .utf8)
            check(source, try #require(conversations[name]?.objectValue), entry, "\(file), \(name)")
        }
    }
}
