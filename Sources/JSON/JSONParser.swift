/// A syntax error in a JSON text.
package struct JSONSyntaxError: Error, Equatable, CustomStringConvertible {
    /// Byte offset from the start of the text.
    package let offset: Int
    /// The problem: something expected, or something not allowed.
    package let problem: String

    package var description: String { "byte \(offset): \(problem)" }
}

/// Limits on a JSON text, so that a hostile file cannot exhaust memory or the stack.
package struct JSONLimits: Sendable {
    /// Levels of nested containers.
    package var depth = 64
    /// Values of any kind in the whole text. Each takes at least 16 bytes of memory.
    package var valueCount: Int

    package init(valueCount: Int) { self.valueCount = valueCount }

    /// For files written by hand: config.json, generation_config.json.
    package static let configuration = JSONLimits(valueCount: 500_000)
    /// For tensor lists, and for vocabularies with their merges: several hundred thousand entries.
    package static let longList = JSONLimits(valueCount: 4_000_000)
    /// For native checkpoints: six values per half megabyte.
    package static let manifest = JSONLimits(valueCount: 40_000_000)
}

extension JSONValue {
    /// Parses one JSON text (RFC 8259, UTF-8).
    ///
    /// Foundation's parser will not do: duplicate field names must be refused, canonically equivalent names kept apart,
    /// integers kept exact, and errors must say where the text is broken.
    /// - Throws: `JSONSyntaxError` with the offset where the text stops being JSON or exceeds a limit.
    package init(parsing text: [UInt8], limits: JSONLimits) throws(JSONSyntaxError) {
        self = try text.withUnsafeBufferPointer { bytes throws(JSONSyntaxError) in
            var parser = JSONParser(text: bytes, limits: limits)
            return try parser.parseDocument()
        }
    }
}

private struct JSONParser {
    let text: UnsafeBufferPointer<UInt8>
    let limits: JSONLimits
    var position = 0
    var valueCount = 0

    init(text: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
        self.text = text
        self.limits = limits
    }

    mutating func parseDocument() throws(JSONSyntaxError) -> JSONValue {
        let value = try parseValue(depth: 0)
        skipSpace()
        guard position == text.count else { throw error("more text after the JSON value") }
        return value
    }

    mutating func parseValue(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        skipSpace()
        guard depth <= limits.depth else { throw error("nested deeper than \(limits.depth) levels") }
        valueCount += 1
        guard valueCount <= limits.valueCount else { throw error("more than \(limits.valueCount) values") }
        switch peek {
        case UInt8(ascii: "{"): return try parseObject(depth: depth)
        case UInt8(ascii: "["): return try parseArray(depth: depth)
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try parseWord("null", .null)
        case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try parseNumber()
        default: throw unexpected("a JSON value")
        }
    }

    private mutating func parseObject(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        var fields = JSONObject()
        var names = NameSet()
        position += 1
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(fields) }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw unexpected("a field name") }
            let nameStart = position
            let name = try parseString()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw unexpected("':' after a field name") }
            guard names.insert(name, notIn: fields) else {
                throw JSONSyntaxError(offset: nameStart, problem: "the field \(quoted(name)) is there twice")
            }
            fields.append((name, try parseValue(depth: depth + 1)))
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(fields) }
            guard take(UInt8(ascii: ",")) else { throw unexpected("',' or '}' in an object") }
        }
    }

    private mutating func parseArray(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        var elements: [JSONValue] = []
        position += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try parseValue(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw unexpected("',' or ']' in an array") }
        }
    }

    private mutating func parseWord(_ word: String, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
        guard text[position...].starts(with: word.utf8) else { throw unexpected("'\(word)'") }
        position += word.utf8.count
        return value
    }
}

extension JSONParser {
    /// number = -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
    fileprivate mutating func parseNumber() throws(JSONSyntaxError) -> JSONValue {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try takeDigits() }
        var isWhole = true
        if take(UInt8(ascii: ".")) {
            isWhole = false
            try takeDigits()
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isWhole = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try takeDigits()
        }
        let digits = String(decoding: text[start..<position], as: UTF8.self)
        if isWhole, let number = Int(digits) { return .int(number) }
        guard let number = Double(digits), number.isFinite else {
            throw JSONSyntaxError(offset: start, problem: "the number \(quoted(digits)) is out of range")
        }
        return .double(number)
    }

    private mutating func takeDigits() throws(JSONSyntaxError) {
        guard peek.isDigit else { throw unexpected("a digit") }
        while peek.isDigit { position += 1 }
    }
}

extension JSONParser {
    fileprivate mutating func parseString() throws(JSONSyntaxError) -> String {
        let start = position
        position += 1
        skipPlainCharacters()
        let literal = UnsafeBufferPointer(rebasing: text[start + 1..<position])
        if take(UInt8(ascii: "\"")) { return try string(of: literal, start: start) }
        var bytes = Array(literal)
        while true {
            switch peek {
            case UInt8(ascii: "\""):
                position += 1
                return try string(of: bytes, start: start)
            case UInt8(ascii: "\\"): try parseEscape(into: &bytes)
            case nil: throw JSONSyntaxError(offset: start, problem: "a string has no end")
            case .some(let byte) where byte < 0x20: throw unexpected("a character, not a raw control byte,")
            case .some(let byte):
                bytes.append(byte)
                position += 1
            }
        }
    }

    /// Skips characters that need no decoding. Most strings hold nothing else and are not copied.
    private mutating func skipPlainCharacters() {
        while let byte = peek, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { position += 1 }
    }

    private func string(of bytes: some Collection<UInt8>, start: Int) throws(JSONSyntaxError) -> String {
        guard let string = String(validating: bytes, as: UTF8.self) else {
            throw JSONSyntaxError(offset: start, problem: "a string is not UTF-8")
        }
        return string
    }

    private mutating func parseEscape(into bytes: inout [UInt8]) throws(JSONSyntaxError) {
        position += 1
        guard let letter = peek else { throw error("a string has no end") }
        let decoded: UInt8
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded = letter
        case UInt8(ascii: "b"): decoded = 0x08
        case UInt8(ascii: "f"): decoded = 0x0C
        case UInt8(ascii: "n"): decoded = 0x0A
        case UInt8(ascii: "r"): decoded = 0x0D
        case UInt8(ascii: "t"): decoded = 0x09
        case UInt8(ascii: "u"): return bytes.append(contentsOf: Array(String(try parseUnicodeEscape()).utf8))
        default: throw unexpected("an escape letter")
        }
        position += 1
        bytes.append(decoded)
    }

    /// Parses `\uXXXX`, or a surrogate pair of them for a character above U+FFFF. Starts at the `u`.
    private mutating func parseUnicodeEscape() throws(JSONSyntaxError) -> Unicode.Scalar {
        let start = position - 1
        let first = try parseHexUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, take(UInt8(ascii: "\\")), peek == UInt8(ascii: "u") else {
            throw JSONSyntaxError(offset: start, problem: "half of a surrogate pair")
        }
        let second = try parseHexUnit()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw JSONSyntaxError(offset: start, problem: "half of a surrogate pair") }
        return scalar
    }

    /// Parses four hexadecimal digits. Starts at the `u` before them.
    private mutating func parseHexUnit() throws(JSONSyntaxError) -> UInt32 {
        position += 1
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw unexpected("a hexadecimal digit")
            }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }
}

extension JSONParser {
    /// The next byte, or nil at the end.
    fileprivate var peek: UInt8? { position < text.count ? text[position] : nil }

    /// Consumes the next byte if it is `byte`.
    fileprivate mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position += 1
        return true
    }

    fileprivate mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    fileprivate func error(_ problem: String) -> JSONSyntaxError { JSONSyntaxError(offset: position, problem: problem) }

    fileprivate func unexpected(_ expected: String) -> JSONSyntaxError {
        guard let byte = peek else { return error("the text ends where \(expected) should be") }
        let found = (0x21...0x7E).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
        return error("\(expected) should be here, not \(found)")
    }
}

extension UInt8? {
    fileprivate var isDigit: Bool { map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false }
}
