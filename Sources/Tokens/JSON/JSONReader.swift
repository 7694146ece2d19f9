/// What is wrong with a JSON text.
struct JSONSyntaxError: Error {
    /// Offset in bytes from the text's first byte.
    let offset: Int
    let problem: String
}

extension JSONNode {
    /// Reads one JSON text (RFC 8259, UTF-8).
    ///
    /// Written here, not taken from Foundation: see `JSONNode` about names; and a vocabulary of 150,000 tokens loads
    /// several times faster. Memory stays in proportion to the text, the stack within `JSONReader.depthLimit`.
    /// - Throws: `JSONSyntaxError` with the byte where the text stops being JSON.
    init(reading text: [UInt8]) throws(JSONSyntaxError) {
        var result: Result<JSONNode, JSONSyntaxError> = .success(.null)
        text.withUnsafeBufferPointer { bytes in
            var reader = JSONReader(bytes: bytes)
            do throws(JSONSyntaxError) { result = .success(try reader.readDocument()) } catch {
                result = .failure(error)
            }
        }
        self = try result.get()
    }
}

private struct JSONReader {
    /// Containers inside containers.
    static let depthLimit = 64

    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0
    /// An escaped string's bytes, kept between strings so that it is allocated once.
    var unescaped: [UInt8] = []

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func readDocument() throws(JSONSyntaxError) -> JSONNode {
        let value = try readValue(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw error("more text after the JSON value") }
        return value
    }

    mutating func readValue(depth: Int) throws(JSONSyntaxError) -> JSONNode {
        skipSpace()
        guard depth <= Self.depthLimit else { throw error("nested deeper than \(Self.depthLimit) levels") }
        switch peek {
        case UInt8(ascii: "{"): return try readObject(depth: depth)
        case UInt8(ascii: "["): return try readArray(depth: depth)
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "t"): return try readWord("true", .bool(true))
        case UInt8(ascii: "f"): return try readWord("false", .bool(false))
        case UInt8(ascii: "n"): return try readWord("null", .null)
        default: return try readNumber()
        }
    }

    private mutating func readObject(depth: Int) throws(JSONSyntaxError) -> JSONNode {
        var fields: [(name: String, value: JSONNode)] = []
        position += 1
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(fields) }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw error("a field name should be here") }
            let name = try readString()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw error("':' should be here") }
            fields.append((name, try readValue(depth: depth + 1)))
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(fields) }
            guard take(UInt8(ascii: ",")) else { throw error("',' or '}' should be here") }
        }
    }

    private mutating func readArray(depth: Int) throws(JSONSyntaxError) -> JSONNode {
        var elements: [JSONNode] = []
        position += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try readValue(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw error("',' or ']' should be here") }
        }
    }

    private mutating func readWord(_ word: StaticString, _ value: JSONNode) throws(JSONSyntaxError) -> JSONNode {
        let isHere = word.withUTF8Buffer { bytes[position...].starts(with: $0) }
        guard isHere else { throw error("a JSON value should be here") }
        position += word.utf8CodeUnitCount
        return value
    }
}

// MARK: - Numbers

extension JSONReader {
    /// Digits are read by the longest run of characters that a number can have; `Int` and `Double` judge the run.
    fileprivate mutating func readNumber() throws(JSONSyntaxError) -> JSONNode {
        let start = position
        while let byte = peek, byte.isNumberPart { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if text.utf8.first == UInt8(ascii: "+") { throw error("a JSON value should be here") }
        if let number = Int(text) { return .int(number) }
        if let number = Double(text), number.isFinite { return .double(number) }
        position = start
        throw error("a JSON value should be here")
    }
}

extension UInt8 {
    fileprivate var isNumberPart: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }
}

// MARK: - Strings

extension JSONReader {
    fileprivate mutating func readString() throws(JSONSyntaxError) -> String {
        position += 1
        let start = position
        while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
        if peek == UInt8(ascii: "\"") {
            position += 1
            return try text(of: UnsafeBufferPointer(rebasing: bytes[start..<position - 1]))
        }
        unescaped.removeAll(keepingCapacity: true)
        unescaped.append(contentsOf: bytes[start..<position])
        return try readEscapedString()
    }

    /// The rest of a string from its first escape on.
    private mutating func readEscapedString() throws(JSONSyntaxError) -> String {
        while let byte = peek, byte >= 0x20 {
            position += 1
            if byte == UInt8(ascii: "\"") { return try text(of: unescaped) }
            if byte == UInt8(ascii: "\\") { try readEscape() } else { unescaped.append(byte) }
        }
        throw error("a string breaks off")
    }

    private mutating func readEscape() throws(JSONSyntaxError) {
        let letter = peek
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(letter ?? 0)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"):
            guard let scalar = try readUnicodeEscape() else { throw error("half of a surrogate pair") }
            unescaped.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default: throw error("an unknown escape")
        }
    }

    /// `XXXX`, or `XXXX\uXXXX` for a character above U+FFFF; nil for half of a pair.
    private mutating func readUnicodeEscape() throws(JSONSyntaxError) -> Unicode.Scalar? {
        let first = try readHexUnit()
        guard (0xD800...0xDBFF).contains(first) else { return Unicode.Scalar(first) }
        guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { return nil }
        let second = try readHexUnit()
        guard (0xDC00...0xDFFF).contains(second) else { return nil }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    private mutating func readHexUnit() throws(JSONSyntaxError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("a hexadecimal digit should be here")
            }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }

    private func text(of bytes: some Sequence<UInt8>) throws(JSONSyntaxError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw error("a string is not UTF-8") }
        return text
    }
}

// MARK: - Bytes

extension JSONReader {
    /// The byte the reader stands on, or nil at the end.
    fileprivate var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Steps over `byte` where the reader stands on it.
    fileprivate mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position += 1
        return true
    }

    fileprivate mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    fileprivate func error(_ problem: String) -> JSONSyntaxError { JSONSyntaxError(offset: position, problem: problem) }
}
