/// Reads the tokens between `{{` and `}}`, or `{%` and `%}`.
extension Lexer {
    /// Reads to the end of the tag and consumes it. `closing` is the first byte of the end.
    mutating func readTag(closing: UInt8) throws(TemplateError) {
        var open: [Symbol] = []
        while position < source.count {
            if open.isEmpty, takeEnd(closing: closing) { return }
            let start = position
            let (scalar, _) = source.scalar(at: position)
            switch scalar {
            case _ where scalar.isPythonSpace: skipSpace()
            case "0"..."9": try readNumber()
            case "'", "\"": try readString()
            case "_", "a"..."z", "A"..."Z": readName()
            case _ where scalar.properties.isXIDStart: readName()
            default:
                guard let symbol = takeSymbol() else {
                    throw problem("unexpected character \(Text([scalar]).pythonQuoted.string)")
                }
                if let closing = symbol.closing {
                    open.append(closing)
                } else if symbol.isClosing {
                    guard let expected = open.popLast() else { throw problem("unexpected '\(symbol.rawValue)'") }
                    guard expected == symbol else {
                        throw problem("unexpected '\(symbol.rawValue)', expected '\(expected.rawValue)'")
                    }
                }
                append(.symbol(symbol), at: start)
            }
        }
    }

    private mutating func takeEnd(closing: UInt8) -> Bool {
        let start = position
        if closing == UInt8(ascii: "%") {
            guard takeBlockEnd() else { return false }
            append(.blockEnd, at: start)
            return true
        }
        if take("-}}") { skipSpace() } else if !take("}}") { return false }
        append(.variableEnd, at: start)
        return true
    }

    private mutating func takeSymbol() -> Symbol? {
        for width in [2, 1] where position + width <= source.count {
            let text = String(decoding: source[position..<position + width], as: UTF8.self)
            if let symbol = Symbol(rawValue: text) {
                position += width
                return symbol
            }
        }
        return nil
    }

    private mutating func readName() {
        let start = position
        while position < source.count {
            let (scalar, width) = source.scalar(at: position)
            guard scalar == "_" || scalar.properties.isXIDContinue else { break }
            position += width
        }
        append(.name(String(decoding: source[start..<position], as: UTF8.self)), at: start)
    }

    private mutating func readNumber() throws(TemplateError) {
        let start = position
        let isAfterDot = start > 0 && source[start - 1] == UInt8(ascii: ".")
        if !isAfterDot, let end = floatEnd() {
            position = end
            append(.float(Double(digits(start..<end)) ?? .infinity), at: start)
            return
        }
        var (radix, first) = (10, start)
        if source[start] == UInt8(ascii: "0"), start + 1 < source.count {
            let radixes: [UInt8: Int] = [UInt8(ascii: "b"): 2, UInt8(ascii: "o"): 8, UInt8(ascii: "x"): 16]
            if let other = radixes[source[start + 1] | 0x20],
                digitsEnd(from: start + 2, radix: other, leading: true) != nil
            {
                (radix, first) = (other, start + 2)
            }
        }
        if radix == 10, source[start] == UInt8(ascii: "0") {
            position = digitsEnd(from: start, radix: 1, leading: false) ?? start + 1
        } else {
            position = digitsEnd(from: first, radix: radix, leading: radix != 10) ?? start + 1
        }
        guard let number = Int(digits(first..<position), radix: radix) else {
            throw problem("the number \(digits(first..<position)) does not fit 64 bits")
        }
        append(.integer(number), at: start)
    }

    private func digits(_ range: Range<Int>) -> String {
        String(decoding: source[range].filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
    }

    /// Where a run of digits ends, or nil if there is none. A `_` may separate digits, and with `leading` precede them.
    private func digitsEnd(from start: Int, radix: Int, leading: Bool) -> Int? {
        var (end, index) = (start, start)
        while true {
            if index < source.count, source[index] == UInt8(ascii: "_"), leading || index > start { index += 1 }
            guard index < source.count, let digit = Character(Unicode.Scalar(source[index])).hexDigitValue,
                digit < radix
            else { break }
            index += 1
            end = index
        }
        return end > start ? end : nil
    }

    /// Where a number with a fraction or exponent ends, or nil if there is none here.
    private func floatEnd() -> Int? {
        guard let whole = digitsEnd(from: position, radix: 10, leading: false) else { return nil }
        var end = whole
        if end < source.count, source[end] == UInt8(ascii: "."),
            let fraction = digitsEnd(from: end + 1, radix: 10, leading: false)
        {
            end = fraction
        }
        var exponent = end
        if exponent < source.count, source[exponent] | 0x20 == UInt8(ascii: "e") {
            exponent += 1
            if exponent < source.count, source[exponent] == UInt8(ascii: "+") || source[exponent] == UInt8(ascii: "-") {
                exponent += 1
            }
            if let digits = digitsEnd(from: exponent, radix: 10, leading: false) { return digits }
        }
        return end > whole ? end : nil
    }

    private mutating func readString() throws(TemplateError) {
        let start = position
        let quote = source[start]
        var index = start + 1
        var hasEscape = false
        while index < source.count, source[index] != quote {
            if source[index] == UInt8(ascii: "\\") {
                hasEscape = true
                index += 1
            }
            index += 1
        }
        guard index < source.count else { throw problem("the string has no end") }
        position = index + 1
        let bytes = Array(source[start + 1..<index])
        append(.string(hasEscape ? try unescaped(bytes, at: start) : Text(utf8: bytes)), at: start)
    }

    /// Resolves Python's escape sequences. Unknown ones stay as they are.
    private mutating func unescaped(_ bytes: [UInt8], at start: Int) throws(TemplateError) -> Text {
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count else {
                result.append(bytes[index])
                index += 1
                continue
            }
            let (letter, width) = bytes.scalar(at: index + 1)
            index += 1 + width
            switch letter {
            case "\n": break
            case "\\", "'", "\"": result.append(letter)
            case "a": result.append(0x07)
            case "b": result.append(0x08)
            case "f": result.append(0x0C)
            case "n": result.append(0x0A)
            case "r": result.append(0x0D)
            case "t": result.append(0x09)
            case "v": result.append(0x0B)
            case "0"..."7":
                let digits = bytes[(index - 1)...].prefix(3).prefix { (0x30...0x37).contains($0) }
                result.append(Unicode.Scalar(digits.reduce(0) { $0 << 3 | UInt32($1 & 7) }) ?? "\u{FFFD}")
                index += digits.count - 1
            case "x", "u", "U":
                let width = letter == "x" ? 2 : letter == "u" ? 4 : 8
                let digits = String(decoding: bytes[index...].prefix(width), as: UTF8.self)
                guard digits.utf8.count == width, digits.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                    let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value)
                else {
                    throw .syntax(line: line(at: start), problem: "the escape \\\(letter)\(digits) is not a character")
                }
                result.append(scalar)
                index += width
            case "N": throw .syntax(line: line(at: start), problem: "escapes by name (\\N) are not supported")
            case _ where letter.isASCII:
                result.append(UInt8(ascii: "\\"))
                result.append(letter)
            // jinja2 first turns non-ASCII scalars into escapes; this backslash then escapes theirs.
            default: result.append(letter.pythonEscape)
            }
        }
        return Text(utf8: result)
    }
}
