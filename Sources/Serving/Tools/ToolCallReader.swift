import Constraints
import JSON

/// Reads one call as it is written, after its opening tag.
struct ToolCallReader: Sendable {
    /// What a step of reading gives.
    enum Outcome {
        case more
        /// The call is complete; this text follows it.
        case done(rest: String)
        /// This is no call, at least not from this text on.
        case failed(rest: String)
    }

    private var json: JSONCallReader?
    private var tags: TaggedCallReader?
    private let closing: String?
    /// Text after the call's object that belongs to its closing tag.
    private var tail: String?
    /// The call's text so far, its opening tag included.
    private(set) var raw: String

    init(_ form: ToolCallForm, _ tools: [ToolDescription]) {
        closing = form.closing
        raw = form.opening ?? ""
        if form == .taggedParameters {
            tags = TaggedCallReader(tools)
        } else {
            // Without a tag, only a known tool's name makes an object a call.
            json = JSONCallReader(names: form.opening == nil ? tools.map(\.name) : nil)
        }
    }

    /// Whether the call's name has been given away.
    var isCommitted: Bool { json?.name != nil || tags?.name != nil }

    mutating func read(_ text: String, _ pieces: inout [AnswerPiece]) -> Outcome {
        raw += text
        if let tail { return readTail(tail + text) }
        let outcome = tags?.read(text, &pieces) ?? json?.read(text, &pieces) ?? .failed(rest: text)
        guard case .done(let rest) = outcome else { return outcome }
        return readTail(rest)
    }

    private mutating func readTail(_ text: String) -> Outcome {
        guard let closing else { return .done(rest: text) }
        let rest = text.drop(while: \.isWhitespace)
        if rest.hasPrefix(closing) { return .done(rest: String(rest.dropFirst(closing.count))) }
        // Models forget the tag at times; what comes instead is text.
        guard closing.hasPrefix(rest) else { return .done(rest: text) }
        tail = text
        return .more
    }
}

/// Reads `{"name": …, "arguments": …}`, also with `parameters`, in either order. Arguments are passed on as they come.
private struct JSONCallReader: Sendable {
    private enum Phase {
        case beforeObject, beforeKey, key, afterKey, beforeValue, value, afterValue
    }

    private let names: [String]?
    private(set) var name: String?
    private var phase = Phase.beforeObject
    private var key = ""
    private var value = ""
    private var depth = 0
    private var isInText = false
    private var isEscaped = false
    /// Arguments that came before the name.
    private var waiting = ""
    private var hasArguments = false

    init(names: [String]?) { self.names = names }

    mutating func read(_ text: String, _ pieces: inout [AnswerPiece]) -> ToolCallReader.Outcome {
        var rest = Substring(text)
        var passed = ""
        var outcome: ToolCallReader.Outcome?
        while outcome == nil, let character = rest.first {
            let step = take(character, &passed, &pieces)
            if step != .failed { rest.removeFirst() }
            switch step {
            case .more: break
            case .failed: outcome = .failed(rest: String(rest))
            case .done: outcome = .done(rest: String(rest))
            }
        }
        if !passed.isEmpty { pieces.append(.arguments(passed)) }
        return outcome ?? .more
    }

    private enum Step {
        case more, failed, done
    }

    private mutating func take(_ character: Character, _ passed: inout String, _ pieces: inout [AnswerPiece]) -> Step {
        switch phase {
        case .beforeObject:
            if character == "{" { phase = .beforeKey } else if !character.isWhitespace { return .failed }
        case .beforeKey:
            if character == "\"" {
                (phase, key) = (.key, "")
            } else if character == "}" {
                return finish(&passed)
            } else if !character.isWhitespace, character != "," {
                return .failed
            }
        case .key: if character == "\"" { phase = .afterKey } else { key.append(character) }
        case .afterKey:
            if character == ":" { phase = .beforeValue } else if !character.isWhitespace { return .failed }
        case .beforeValue:
            guard !character.isWhitespace else { break }
            (phase, value, depth, isInText, isEscaped) = (.value, "", 0, false, false)
            return takeValue(character, &passed, &pieces)
        case .value: return takeValue(character, &passed, &pieces)
        case .afterValue:
            if character == "," {
                phase = .beforeKey
            } else if character == "}" {
                return finish(&passed)
            } else if !character.isWhitespace {
                return .failed
            }
        }
        return .more
    }

    private mutating func takeValue(
        _ character: Character, _ passed: inout String, _ pieces: inout [AnswerPiece]
    ) -> Step {
        guard depth == 0, !isInText, character == "," || character == "}" || character.isWhitespace else {
            takeInner(character, &passed)
            return .more
        }
        guard endValue(&passed, &pieces) else { return .failed }
        phase = character == "," ? .beforeKey : .afterValue
        return character == "}" ? finish(&passed) : .more
    }

    private var isArguments: Bool { key == "arguments" || key == "parameters" }

    /// Takes a character of a value.
    private mutating func takeInner(_ character: Character, _ passed: inout String) {
        if isArguments, name != nil, depth > 0 || character == "{" {
            passed.append(character)
            hasArguments = true
        } else {
            value.append(character)
        }
        if isInText {
            if isEscaped {
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isInText = false
            }
        } else if character == "\"" {
            isInText = true
        } else if character == "{" || character == "[" {
            depth += 1
        } else if character == "}" || character == "]" {
            depth -= 1
        }
    }

    /// Uses a value that is complete. Returns false if this is no call.
    private mutating func endValue(_ passed: inout String, _ pieces: inout [AnswerPiece]) -> Bool {
        if key == "name" {
            guard let text = try? JSONValue(parsing: Array(value.utf8), limits: .configuration).stringValue,
                names?.contains(text) ?? true
            else { return false }
            name = text
            pieces.append(.call(name: text))
            passed += waiting
            if !waiting.isEmpty { hasArguments = true }
            waiting = ""
        } else if isArguments, !value.isEmpty {
            // Some models write the arguments as JSON in a text.
            let text = (try? JSONValue(parsing: Array(value.utf8), limits: .configuration).stringValue) ?? value
            if name == nil { waiting = text } else { passed += text }
            hasArguments = name != nil
        }
        return true
    }

    private func finish(_ passed: inout String) -> Step {
        guard name != nil else { return .failed }
        if !hasArguments { passed += "{}" }
        return .done
    }
}

/// Reads `<function=…><parameter=…>…</parameter>…</function>`. Each argument is passed on once it is complete.
private struct TaggedCallReader: Sendable {
    private let tools: [ToolDescription]
    private(set) var name: String?
    private var held = ""
    private var parameter: String?
    private var argumentCount = 0

    init(_ tools: [ToolDescription]) { self.tools = tools }

    mutating func read(_ text: String, _ pieces: inout [AnswerPiece]) -> ToolCallReader.Outcome {
        held += text
        while true {
            if let parameter {
                guard let end = held.firstRange(of: "</parameter>") else { return .more }
                let value = String(held[..<end.lowerBound])
                pieces.append(.arguments((argumentCount == 0 ? "{" : ", ") + argument(parameter, value)))
                argumentCount += 1
                held = String(held[end.upperBound...])
                self.parameter = nil
                continue
            }
            held = String(held.drop(while: \.isWhitespace))
            if name != nil, held.hasPrefix("</function>") {
                pieces.append(.arguments(argumentCount == 0 ? "{}" : "}"))
                return .done(rest: String(held.dropFirst("</function>".count)))
            }
            let tag = name == nil ? "<function=" : "<parameter="
            guard held.hasPrefix(tag) else {
                let mayCome = tag.hasPrefix(held) || (name != nil && "</function>".hasPrefix(held))
                return mayCome ? .more : .failed(rest: held)
            }
            guard let end = held.firstIndex(of: ">") else { return .more }
            let found = String(held[held.index(held.startIndex, offsetBy: tag.count)..<end])
            held = String(held[held.index(after: end)...])
            if name == nil {
                name = found
                pieces.append(.call(name: found))
            } else {
                parameter = found
            }
        }
    }

    /// The argument as a field of JSON: as text where its schema says so, else as the JSON that it is.
    private func argument(_ parameter: String, _ value: String) -> String {
        var text = Substring(value)
        if text.first == "\n" { text.removeFirst() }
        if text.last == "\n" { text.removeLast() }
        let schema = tools.first { $0.name == name }.flatMap {
            try? JSONValue(parsing: Array($0.schema.utf8), limits: .configuration)
        }
        let isText = schema?["properties"]?[parameter]?["type"] == "string"
        let parsed = isText ? nil : try? JSONValue(parsing: Array(text.utf8), limits: .configuration)
        return JSONValue.string(parameter).text + ": " + (parsed ?? .string(String(text))).text
    }
}
