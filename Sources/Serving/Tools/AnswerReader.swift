import Constraints

/// Tells reasoning, text and tool calls of an answer apart while it is written.
///
/// It holds back only what could still become a tag or a call. What turns out to be none is text.
package struct AnswerReader: Sendable {
    private enum Mode {
        /// Before anything but white space.
        case start
        /// Fresh before its first character.
        case reasoning(isFresh: Bool)
        /// After reasoning or a call: white space is left out.
        case gap
        case text
        case call(ToolCallReader)
    }

    private let form: ToolCallForm?
    private let tools: [ToolDescription]
    private let readsReasoning: Bool
    private let callLimit: Int
    private var mode: Mode
    private var held = ""
    private var callCount = 0

    private static let opening = "<think>"
    private static let closing = "</think>"

    /// - Parameters:
    ///   - form: how calls are written; nil if there are no tools.
    ///   - isParallel: whether there may be several calls.
    ///   - reasoning: whether reasoning is told apart, and whether the answer begins with it.
    package init(form: ToolCallForm?, tools: [ToolDescription], isParallel: Bool = true, reasoning: ReasoningPrefix) {
        (self.form, self.tools) = (form, tools)
        readsReasoning = reasoning == .optional
        callLimit = isParallel ? .max : 1
        mode = reasoning == .open ? .reasoning(isFresh: true) : .start
    }

    /// The pieces that are certain after more text.
    package mutating func append(_ text: String) -> [AnswerPiece] {
        held += text
        var pieces: [AnswerPiece] = []
        while advance(&pieces) {}
        return pieces
    }

    /// What is still held back at the answer's end.
    package mutating func finish() -> [AnswerPiece] {
        defer { held = "" }
        switch mode {
        case .reasoning: return held.isEmpty ? [] : [.reasoning(held)]
        case .start, .text: return held.isEmpty ? [] : [.content(held)]
        case .gap: return held.allSatisfy(\.isWhitespace) ? [] : [.content(held)]
        case .call(let reader):
            let rest = reader.isCommitted ? "" : reader.raw + held
            return rest.isEmpty ? [] : [.content(rest)]
        }
    }

    /// Takes one step. Returns whether another may follow.
    private mutating func advance(_ pieces: inout [AnswerPiece]) -> Bool {
        switch mode {
        case .start: return readStart()
        case .reasoning(let isFresh): return readReasoning(isFresh: isFresh, &pieces)
        case .gap: return readGap()
        case .text: return readText(&pieces)
        case .call(let reader): return readCall(reader, &pieces)
        }
    }

    private mutating func readStart() -> Bool {
        let text = held.drop(while: \.isWhitespace)
        if readsReasoning, text.hasPrefix(Self.opening) {
            held = String(text.dropFirst(Self.opening.count))
            mode = .reasoning(isFresh: true)
            return true
        }
        if text.isEmpty || (readsReasoning && Self.opening.hasPrefix(text)) { return false }
        return begin(text)
    }

    private mutating func readReasoning(isFresh: Bool, _ pieces: inout [AnswerPiece]) -> Bool {
        // The lines' ends after the opening tag are no part of the reasoning.
        if isFresh { held = String(held.drop { $0 == "\n" }) }
        if isFresh, !held.isEmpty { mode = .reasoning(isFresh: false) }
        if let range = held.firstRange(of: Self.closing) {
            var thought = held[..<range.lowerBound]
            while thought.last?.isWhitespace == true { thought.removeLast() }
            if !thought.isEmpty { pieces.append(.reasoning(String(thought))) }
            held = String(held[range.upperBound...])
            mode = .gap
            return true
        }
        let (sure, rest) = held.split(before: Self.closing)
        if !sure.isEmpty { pieces.append(.reasoning(sure)) }
        held = rest
        return false
    }

    private mutating func readGap() -> Bool {
        let text = held.drop { $0.isWhitespace || (callCount > 0 && form?.opening == nil && $0 == ";") }
        guard !text.isEmpty else { return false }
        held = String(text)
        return begin(text)
    }

    /// Begins a text or, in its place, a call without tags.
    private mutating func begin(_ text: Substring) -> Bool {
        guard let form, form.opening == nil, callCount < callLimit, let first = text.first else {
            mode = .text
            return true
        }
        if first == "{" {
            held = String(text)
            mode = .call(ToolCallReader(form, tools))
        } else {
            mode = .text
        }
        return true
    }

    private mutating func readText(_ pieces: inout [AnswerPiece]) -> Bool {
        guard let opening = form?.opening, callCount < callLimit else {
            if !held.isEmpty, callCount < callLimit || callLimit == .max { pieces.append(.content(held)) }
            held = ""
            return false
        }
        if let range = held.firstRange(of: opening) {
            let text = held[..<range.lowerBound].drop(whileAtEnd: \.isWhitespace)
            if !text.isEmpty { pieces.append(.content(String(text))) }
            held = String(held[range.upperBound...])
            mode = .call(ToolCallReader(form ?? .taggedJSON, tools))
            return true
        }
        let (sure, rest) = held.split(before: opening)
        if !sure.isEmpty { pieces.append(.content(sure)) }
        held = rest
        return false
    }

    private mutating func readCall(_ reader: ToolCallReader, _ pieces: inout [AnswerPiece]) -> Bool {
        var reader = reader
        let outcome = reader.read(held, &pieces)
        held = ""
        switch outcome {
        case .more: mode = .call(reader)
        case .done(let rest):
            callCount += 1
            held = rest
            mode = .gap
            return true
        case .failed(let rest):
            // A call that has begun stays one.
            if !reader.isCommitted { pieces.append(.content(String(reader.raw.dropLast(rest.count)))) }
            callCount += reader.isCommitted ? 1 : 0
            held = rest
            mode = .text
            return true
        }
        return false
    }
}

extension String {
    /// The part that cannot belong to `tag`, and the rest: the tag's beginning at the end, with the white space before it.
    fileprivate func split(before tag: String) -> (sure: String, rest: String) {
        var start = indices.suffix(tag.count).first { tag.hasPrefix(self[$0...]) } ?? endIndex
        while start > startIndex, self[index(before: start)].isWhitespace { start = index(before: start) }
        return (String(self[..<start]), String(self[start...]))
    }
}

extension Substring {
    fileprivate func drop(whileAtEnd isDropped: (Character) -> Bool) -> Substring {
        var rest = self
        while let last = rest.last, isDropped(last) { rest.removeLast() }
        return rest
    }
}
