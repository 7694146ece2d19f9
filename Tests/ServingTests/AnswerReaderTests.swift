import Constraints
import Serving
import TestSupport
import Testing

/// Reasoning, text and calls are told apart, however the answer is cut into tokens.
struct AnswerReaderTests {
    private static let tools = [
        ToolDescription(
            name: "f", schema: #"{"type":"object","properties":{"city":{"type":"string"},"n":{"type":"integer"}}}"#),
        ToolDescription(name: "g", schema: #"{"type":"object"}"#),
    ]

    private static func read(
        _ parts: [String], _ form: ToolCallForm?, _ reasoning: ReasoningPrefix = .none
    ) -> [AnswerPiece] {
        var reader = AnswerReader(form: form, tools: tools, reasoning: reasoning)
        return joined(parts.flatMap { reader.append($0) } + reader.finish())
    }

    /// Neighbouring pieces of a kind as one.
    private static func joined(_ pieces: [AnswerPiece]) -> [AnswerPiece] {
        pieces.reduce(into: []) { all, piece in
            switch (all.last, piece) {
            case (.content(let left), .content(let right)): all[all.count - 1] = .content(left + right)
            case (.reasoning(let left), .reasoning(let right)): all[all.count - 1] = .reasoning(left + right)
            case (.arguments(let left), .arguments(let right)): all[all.count - 1] = .arguments(left + right)
            default: all.append(piece)
            }
        }
    }

    private static let answers: [(String, ToolCallForm?, ReasoningPrefix, [AnswerPiece])] = [
        ("Hello <b>", nil, .none, [.content("Hello <b>")]),
        ("<think>\nWhy?\n</think>\n\nSo.", nil, .optional, [.reasoning("Why?"), .content("So.")]),
        ("Why?\n\n</think>\nSo.", nil, .open, [.reasoning("Why?"), .content("So.")]),
        ("<think>a < b </th", nil, .optional, [.reasoning("a < b </th")]),
        ("<thin air", nil, .optional, [.content("<thin air")]),
        ("<think>x</think>", nil, .none, [.content("<think>x</think>")]),
        (
            "Let me see.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"city\": \"a}\\\"b\", \"l\": [1, {}]}}\n</tool_call>",
            .taggedJSON, .none,
            [.content("Let me see."), .call(name: "f"), .arguments(#"{"city": "a}\"b", "l": [1, {}]}"#)]
        ),
        (
            "<think>x</think>\n<tool_call>{\"arguments\": {\"n\":1}, \"name\": \"f\"}</tool_call>\n<tool_call>\n{\"name\":\"g\"}\n</tool_call>\nDone",
            .taggedJSON, .optional,
            [
                .reasoning("x"), .call(name: "f"), .arguments("{\"n\":1}"), .call(name: "g"), .arguments("{}"),
                .content("Done"),
            ]
        ),
        ("<tool_call>no</tool_call>", .taggedJSON, .none, [.content("<tool_call>no</tool_call>")]),
        (
            "<tool_call>{\"name\":\"f\",\"arguments\":\"{\\\"n\\\": 1}\"}</tool_call>", .taggedJSON, .none,
            [.call(name: "f"), .arguments("{\"n\": 1}")]
        ),
        (
            "<tool_call>\n<function=f>\n<parameter=city>\nParis\n</parameter>\n<parameter=n>\n3\n</parameter>\n</function>\n</tool_call>",
            .taggedParameters, .none, [.call(name: "f"), .arguments(#"{"city": "Paris", "n": 3}"#)]
        ),
        (
            "<tool_call>\n<function=g>\n</function>\n</tool_call>", .taggedParameters, .none,
            [.call(name: "g"), .arguments("{}")]
        ),
        (
            "{\"name\": \"f\", \"parameters\": {\"n\": 1}}", .parametersJSON, .none,
            [.call(name: "f"), .arguments("{\"n\": 1}")]
        ),
        (
            " {\"name\": \"f\", \"parameters\": {}}; {\"name\": \"g\", \"parameters\": {}}", .parametersJSON, .none,
            [.call(name: "f"), .arguments("{}"), .call(name: "g"), .arguments("{}")]
        ),
        ("{\"name\": \"other\"}", .parametersJSON, .none, [.content("{\"name\": \"other\"}")]),
        ("{\"a\": 1} text", .argumentsJSON, .none, [.content("{\"a\": 1} text")]),
        ("A {\"name\": \"f\"}", .argumentsJSON, .none, [.content("A {\"name\": \"f\"}")]),
    ]

    @Test("answers as wholes", arguments: answers.indices)
    func wholes(_ number: Int) {
        let (text, form, reasoning, pieces) = Self.answers[number]
        #expect(Self.read([text], form, reasoning) == pieces)
    }

    @Test("cut anywhere, an answer reads as its whole", arguments: answers.indices)
    func cuts(_ number: Int) {
        let (text, form, reasoning, pieces) = Self.answers[number]
        #expect(Self.read(text.map(String.init), form, reasoning) == pieces, "by characters")
        for cut in text.indices {
            #expect(
                Self.read([String(text[..<cut]), String(text[cut...])], form, reasoning) == pieces, "\(text[..<cut])|")
        }
    }

    @Test("random texts of tags and pieces read the same however they are cut, and nothing is lost of plain ones")
    func random() {
        let parts = [
            "<think>", "</think>", "<tool_call>", "</tool_call>", "{\"name\": \"f\", ", "\"arguments\": {", "}", "}}",
            "\n", " ", "<function=f>",
            "</function>", "<parameter=n>", "</parameter>", "é", "<", "\"", "\\", "word", ",", ":", "[",
        ]
        var random = SeededGenerator(seed: 5)
        for _ in 0..<fuzzRounds {
            let text = (0..<Int.random(in: 1...14, using: &random)).map { _ in parts.randomElement(using: &random) ?? ""
            }.joined()
            let form = ToolCallForm.allCases.randomElement(using: &random)
            let reasoning: ReasoningPrefix = [.none, .optional, .open].randomElement(using: &random) ?? .none
            let whole = Self.read([text], form, reasoning)
            #expect(Self.read(text.map(String.init), form, reasoning) == whole, "\(text)")
            if !text.contains("<"), !text.contains("{"), reasoning == .none {
                #expect(whole == (text.isEmpty ? [] : [.content(text)]))
            }
        }
    }
}
