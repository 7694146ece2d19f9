import Foundation
import JSON
import Tokens

/// Questions with reference answers, from a JSONL file.
package struct EvaluationTask: Sendable {
    /// The file's name without its extension.
    package let name: String
    package let items: [Item]

    package struct Item: Sendable, Equatable {
        package let messages: [ChatMessage]
        /// The reference answer.
        package let answer: String
        /// The item's metric; nil if the file names none.
        package let metric: AnswerMetric?
        /// The item's pattern; nil if the file names none.
        package let pattern: AnswerPattern?
    }

    init(name: String, items: [Item]) {
        self.name = name
        self.items = items
    }

    /// Reads lines of `{"prompt" | "question" | "messages", "answer"}`, with optional `"metric"` and `"pattern"`. Other fields
    /// are ignored.
    ///
    /// - Parameter limit: the maximum number of items; nil for all.
    /// - Throws: `EvaluationError` with the line that cannot be used.
    package init(path: String, limit: Int? = nil) throws(EvaluationError) {
        guard let data = FileManager.default.contents(atPath: path) else { throw .unreadable(path: path) }
        var items: [Item] = []
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.allSatisfy(\.isJSONSpace) {
            guard items.count < limit ?? .max else { break }
            items.append(try Item(Array(line), location: "\(path):\(index + 1)"))
        }
        guard !items.isEmpty else { throw .line(place: path, problem: "holds no items") }
        name = (path as NSString).lastPathComponent.replacing(#/\.jsonl?$/#, with: "")
        self.items = items
    }
}

extension UInt8 {
    fileprivate var isJSONSpace: Bool { [0x20, 0x09, 0x0D].contains(self) }
}

extension EvaluationTask.Item {
    fileprivate init(_ line: [UInt8], location: String) throws(EvaluationError) {
        let value: JSONValue
        do throws(JSONSyntaxError) {
            value = try JSONValue(parsing: line, limits: .configuration)
        } catch {
            throw .line(place: location, problem: error.description)
        }
        guard let fields = value.objectValue else { throw .line(place: location, problem: "is no object") }
        guard let answer = fields["answer"]?.stringValue else {
            throw .line(place: location, problem: "has no 'answer'")
        }
        let metric = fields["metric"]?.stringValue
        if let metric, AnswerMetric(rawValue: metric) == nil {
            throw .line(place: location, problem: "asks for the metric \(quoted(metric)), which is none")
        }
        let pattern = fields["pattern"]?.stringValue
        if let pattern, AnswerPattern(pattern) == nil {
            throw .line(place: location, problem: "has the pattern \(quoted(pattern)), which is no regular expression")
        }
        let messages =
            (fields["prompt"] ?? fields["question"])?.stringValue.map { [ChatMessage(role: "user", content: $0)] }
            ?? fields["messages"]?.arrayValue?.compactMap { message -> ChatMessage? in
                guard let role = message.objectValue?["role"]?.stringValue,
                    let content = message.objectValue?["content"]?.stringValue
                else { return nil }
                return ChatMessage(role: role, content: content)
            } ?? []
        guard !messages.isEmpty, messages.count == fields["messages"]?.arrayValue?.count ?? 1 else {
            throw .line(
                place: location, problem: "has no 'prompt' or 'question', and no 'messages' with roles and contents")
        }
        self.init(
            messages: messages, answer: answer, metric: metric.flatMap(AnswerMetric.init),
            pattern: pattern.flatMap(AnswerPattern.init))
    }
}
