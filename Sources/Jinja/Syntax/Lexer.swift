/// Tokenises a template as jinja2 does with `trim_blocks` and `lstrip_blocks`.
///
/// This file reads text, comments and raw blocks; `Lexer+Tags.swift` reads the inside of tags.
struct Lexer {
    /// The source with line ends normalised to `\n`, and without a trailing one.
    let source: [UInt8]
    var position = 0
    var tokens: [Token] = []
    /// Whether the last token ended a line.
    private var isAtLineStart = true
    private var countedTo = 0
    private var countedLines = 1

    static func tokens(of source: String) throws(TemplateError) -> [Token] {
        var lexer = Lexer(source)
        try lexer.run()
        lexer.append(.end)
        return lexer.tokens
    }

    private init(_ source: String) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(source.utf8.count)
        var wasReturn = false
        for byte in source.utf8 {
            if !(wasReturn && byte == UInt8(ascii: "\n")) {
                bytes.append(byte == UInt8(ascii: "\r") ? UInt8(ascii: "\n") : byte)
            }
            wasReturn = byte == UInt8(ascii: "\r")
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        self.source = bytes
    }

    private enum Opening: UInt8 {
        case block = 0x25, variable = 0x7B, comment = 0x23
    }

    private mutating func run() throws(TemplateError) {
        while position < source.count {
            let start = position
            guard let (offset, opening) = nextOpening() else {
                appendData(start..<source.count)
                position = source.count
                return
            }
            position = offset + 2
            let isRaw = opening == .block && takeRawBegin(after: offset + 2)
            let sign = source.count > offset + 2 && isSign(source[offset + 2]) ? source[offset + 2] : nil
            if !isRaw, sign != nil { position += 1 }
            appendData(start..<stripped(start..<offset, sign: sign, isVariable: opening == .variable))
            switch opening {
            case _ where isRaw:
                isAtLineStart = source[position - 1] == UInt8(ascii: "\n")
                try readRaw()
            case .comment: try readComment(from: offset)
            case .block:
                append(.blockBegin)
                try readTag(closing: UInt8(ascii: "%"))
            case .variable:
                append(.variableBegin)
                try readTag(closing: UInt8(ascii: "}"))
            }
            isAtLineStart = position > 0 && source[position - 1] == UInt8(ascii: "\n")
        }
    }

    private func nextOpening() -> (offset: Int, opening: Opening)? {
        var offset = position
        while offset + 1 < source.count {
            if source[offset] == UInt8(ascii: "{"), let opening = Opening(rawValue: source[offset + 1]) {
                return (offset, opening)
            }
            offset += 1
        }
        return nil
    }

    private func isSign(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") }

    /// Where the text before a tag ends. A `-` sign strips all white space before the tag; blocks and comments strip
    /// their indentation.
    private func stripped(_ range: Range<Int>, sign: UInt8?, isVariable: Bool) -> Int {
        let text = Text(utf8: Array(source[range]))
        if sign == UInt8(ascii: "-") {
            return range.lowerBound + text.trimmedBytes(atStart: false, atEnd: true) { $0.isPythonSpace }.upperBound
        }
        guard sign == nil, !isVariable else { return range.upperBound }
        let lineStart = source[range].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? range.lowerBound
        guard lineStart > range.lowerBound || isAtLineStart else { return range.upperBound }
        let indent = Text(utf8: Array(source[lineStart..<range.upperBound]))
        return indent.trimmed.isEmpty ? lineStart : range.upperBound
    }

    /// Consumes `raw %}` if it follows a block's opening.
    private mutating func takeRawBegin(after offset: Int) -> Bool {
        position = offset
        if position < source.count, isSign(source[position]) { position += 1 }
        skipSpace()
        if take("raw") {
            skipSpace()
            if take("-%}") {
                skipSpace()
                return true
            }
            if take("%}") { return true }
        }
        position = offset
        return false
    }

    private mutating func readRaw() throws(TemplateError) {
        let start = position
        guard start < source.count else { return }
        for offset in start..<source.count where source[offset...].starts(with: "{%".utf8) {
            position = offset + 2
            let sign = position < source.count && isSign(source[position]) ? source[position] : nil
            if sign != nil { position += 1 }
            skipSpace()
            guard take("endraw") else { continue }
            skipSpace()
            guard takeBlockEnd() else { continue }
            let end = position
            position = start
            appendData(start..<stripped(start..<offset, sign: sign, isVariable: false))
            position = end
            return
        }
        position = start
        throw problem("the raw block has no end")
    }

    private mutating func readComment(from offset: Int) throws(TemplateError) {
        // jinja2 ignores a comment opening at the very end.
        if position >= source.count { return }
        while position + 1 < source.count {
            if source[position] == UInt8(ascii: "#"), source[position + 1] == UInt8(ascii: "}") {
                let sign = position > offset + 2 ? source[position - 1] : 0
                position += 2
                if sign == UInt8(ascii: "-") { skipSpace() } else if sign != UInt8(ascii: "+") { _ = take("\n") }
                return
            }
            position += 1
        }
        position = offset
        throw problem("the comment has no end")
    }

    /// Consumes the end of a block and the white space that it strips.
    mutating func takeBlockEnd() -> Bool {
        if take("-%}") {
            skipSpace()
        } else if !take("+%}") {
            guard take("%}") else { return false }
            _ = take("\n")
        }
        return true
    }

    mutating func take(_ text: StaticString) -> Bool {
        let bytes = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard source[position...].starts(with: bytes) else { return false }
        position += bytes.count
        return true
    }

    mutating func skipSpace() {
        while position < source.count {
            let (scalar, width) = source.scalar(at: position)
            guard scalar.isPythonSpace else { return }
            position += width
        }
    }

    private mutating func appendData(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        tokens.append(Token(kind: .data(Text(utf8: Array(source[range]))), line: line(at: range.lowerBound)))
    }

    mutating func append(_ kind: Token.Kind) { append(kind, at: position) }

    mutating func append(_ kind: Token.Kind, at offset: Int) {
        tokens.append(Token(kind: kind, line: line(at: offset)))
    }

    /// The line of a byte. Fast when offsets mostly increase from call to call.
    mutating func line(at offset: Int) -> Int {
        if offset < countedTo { (countedTo, countedLines) = (0, 1) }
        for byte in source[countedTo..<min(offset, source.count)] where byte == UInt8(ascii: "\n") { countedLines += 1 }
        countedTo = max(countedTo, min(offset, source.count))
        return countedLines
    }

    mutating func problem(_ problem: String) -> TemplateError { .syntax(line: line(at: position), problem: problem) }
}
