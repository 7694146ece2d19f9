import Foundation
import JSON
import Jinja
import TestSupport
import Testing

/// Damaged templates and conversations must give a text or an error: no crash, no hang, bounded memory.
@Suite struct JinjaFuzzTests {
    private static var limits: Limits {
        var limits = Limits()
        limits.steps = 200_000
        limits.memory = 16 << 20
        limits.outputBytes = 1 << 20
        return limits
    }

    private static func read(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: Goldens.url("jinja/\(name)")))
    }

    private static func golden(_ name: String) throws -> JSONValue {
        try JSONValue(parsing: try read(name), limits: .configuration)
    }

    private static func chatTemplates() throws -> [String] {
        let names = ["alternating", "dates", "documents", "plain-tags", "schema-types", "thinking"]
        return try names.map { String(decoding: try read("templates/\($0).jinja"), as: UTF8.self) }
    }

    /// Small templates with bytes changed and pieces of other templates inserted.
    @Test func templates() throws {
        let golden = try Self.golden("cases.json")
        let context = try #require(golden["context"]?.objectValue)
        var sources = try #require(golden["cases"]?.arrayValue).compactMap { $0["template"]?.stringValue }
        sources += try Self.chatTemplates()
        var mutator = FileMutator(seed: 0x2F2F)
        var rendered = 0
        for _ in 0..<fuzzRounds {
            var source = Array((sources.randomElement(using: &mutator.random) ?? "").utf8)
            if Bool.random(using: &mutator.random) { splice(&source, sources, &mutator) }
            let damaged = String(decoding: mutator.mutated(source, isText: true), as: UTF8.self)
            if let text = try? Template(damaged, limits: Self.limits).render(context) {
                rendered += 1
                #expect(text.utf8.count <= 1 << 20)
            }
        }
        #expect(rendered > 0)
        #expect(rendered < fuzzRounds)
    }

    /// Chats with damaged JSON or with values of other types.
    @Test func conversations() throws {
        let conversations = try #require(try Self.golden("conversations.json").objectValue)
        let templates = try Self.chatTemplates().map { try Template($0, limits: Self.limits) }
        var mutator = FileMutator(seed: 0xC4A7)
        var rendered = 0
        for round in 0..<fuzzRounds {
            guard let chat = conversations.randomElement(using: &mutator.random)?.value,
                let template = templates.randomElement(using: &mutator.random)
            else { continue }
            var fields = chat.objectValue
            if round % 2 == 0 {
                fields = swapped(chat, &mutator, depth: 0).objectValue
            } else {
                let damaged = mutator.mutated(Array(chat.text.utf8), isText: true)
                fields = (try? JSONValue(parsing: damaged, limits: .configuration))?.objectValue
            }
            if let fields, (try? template.render(fields)) != nil { rendered += 1 }
        }
        #expect(rendered > 0)
        #expect(rendered < fuzzRounds)
    }

    private func splice(_ source: inout [UInt8], _ sources: [String], _ mutator: inout FileMutator) {
        let other = Array((sources.randomElement(using: &mutator.random) ?? "").utf8)
        guard !other.isEmpty else { return }
        let start = Int.random(in: 0..<other.count, using: &mutator.random)
        let end = min(other.count, start + Int.random(in: 1...40, using: &mutator.random))
        let offset = Int.random(in: 0...source.count, using: &mutator.random)
        source.insert(contentsOf: other[start..<end], at: offset)
    }

    /// The value with some parts replaced by values of other types.
    private func swapped(_ value: JSONValue, _ mutator: inout FileMutator, depth: Int) -> JSONValue {
        if depth > 0, Int.random(in: 0..<12, using: &mutator.random) == 0 {
            let others: [JSONValue] = [
                .null, .bool(true), .bool(false), .int(0), .int(.max), .int(.min), .double(0.5), .double(1e300), "",
                "x", "{{ x }}", "\u{0}é😀\n", [], [[]], [:], ["role": "user"], ["a": ["b": [.double(1.5)]]],
                .string(String(repeating: "a ", count: 200)),
            ]
            return others.randomElement(using: &mutator.random) ?? .null
        }
        switch value {
        case .object(let fields):
            var result = JSONObject()
            for (name, field) in fields where Int.random(in: 0..<20, using: &mutator.random) > 0 {
                result[name] = swapped(field, &mutator, depth: depth + 1)
            }
            return .object(result)
        case .array(let elements): return .array(elements.map { swapped($0, &mutator, depth: depth + 1) })
        default: return value
        }
    }
}
