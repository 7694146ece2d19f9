/// The texts that a Jinja template writes: its string literals, joined where `+` or `~` joins them.
///
/// Templates of one family differ in such texts and in little else, so they are all that is read of a template.
struct TemplateLiterals {
    /// In the order of the template.
    let texts: [Literal]

    struct Literal {
        /// Escapes are resolved.
        var text: String
        /// Byte index in the template.
        let offset: Int
    }

    init(_ source: String) {
        var reader = LiteralReader(bytes: Array(source.utf8))
        texts = reader.read()
    }

    /// The first literal from `offset` on that starts with `prefix`.
    func first(startingWith prefix: String, from offset: Int = 0) -> String? {
        texts.first { $0.offset >= offset && $0.text.utf8.starts(with: prefix.utf8) }?.text
    }

    /// Whether any literal has `part` in it.
    func contain(_ part: String) -> Bool { texts.contains { $0.text.utf8.firstRange(of: part.utf8) != nil } }
}

private struct LiteralReader {
    let bytes: [UInt8]
    var position = 0
    var literals: [TemplateLiterals.Literal] = []
    /// Whether only a `+` was read since the last literal.
    var joins = false

    mutating func read() -> [TemplateLiterals.Literal] {
        while position < bytes.count {
            if !isBlockStart { position += 1 } else { readBlock() }
        }
        return literals
    }

    private var isBlockStart: Bool {
        bytes[position] == UInt8(ascii: "{") && position + 1 < bytes.count
            && (bytes[position + 1] == UInt8(ascii: "{") || bytes[position + 1] == UInt8(ascii: "%"))
    }

    /// Stands on `{{` or `{%`; reads up to `}}` or `%}`.
    private mutating func readBlock() {
        let end: [UInt8] = [bytes[position + 1] == UInt8(ascii: "%") ? UInt8(ascii: "%") : UInt8(ascii: "}"), 0x7D]
        position += 2
        joins = false
        while position < bytes.count, !bytes[position...].starts(with: end) {
            switch bytes[position] {
            case UInt8(ascii: "'"), UInt8(ascii: "\""): readLiteral(quote: bytes[position])
            case UInt8(ascii: "+"), UInt8(ascii: "~"):
                joins = true
                position += 1
            case UInt8(ascii: " "), UInt8(ascii: "\n"): position += 1
            default:
                joins = false
                position += 1
            }
        }
    }

    private mutating func readLiteral(quote: UInt8) {
        let offset = position
        var text: [UInt8] = []
        position += 1
        while position < bytes.count, bytes[position] != quote {
            if bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count {
                position += 1
                text.append(bytes[position] == UInt8(ascii: "n") ? 0x0A : bytes[position])
            } else {
                text.append(bytes[position])
            }
            position += 1
        }
        position += 1
        let string = String(decoding: text, as: UTF8.self)
        if joins, !literals.isEmpty {
            literals[literals.count - 1].text += string
        } else {
            literals.append(TemplateLiterals.Literal(text: string, offset: offset))
        }
        joins = false
    }
}
