/// The part after `:` in a field of `str.format`: `[[fill]align][sign][#][0][width][grouping][.precision][type]`.
struct FormatSpecification {
    private let isEmpty: Bool
    private var fill: Unicode.Scalar = " "
    private var alignment: Unicode.Scalar?
    private var hasSign = false
    private var width = 0
    private var number = NumberFormat()
    private var type: Unicode.Scalar?
    private let run: Run

    init(_ specification: Text, _ run: Run) throws(TemplateError) {
        self.run = run
        var rest = specification.scalars[...]
        isEmpty = rest.isEmpty
        let alignments = "<>=^".unicodeScalars
        if rest.count > 1, alignments.contains(rest[rest.startIndex + 1]) {
            fill = rest.removeFirst()
            alignment = rest.removeFirst()
        } else if let first = rest.first, alignments.contains(first) {
            alignment = rest.removeFirst()
        }
        if let sign = rest.first, "+- ".unicodeScalars.contains(sign) {
            hasSign = true
            number.plus = sign == "-" ? "" : Text([sign])
            rest.removeFirst()
        }
        if rest.first == "#" {
            number.isAlternate = true
            rest.removeFirst()
        }
        if rest.first == "0" {
            if alignment == nil { (fill, alignment) = ("0", "=") }
            rest.removeFirst()
        }
        width = try Self.readNumber(&rest, run) ?? 0
        if let mark = rest.first, mark == "," || mark == "_" { number.grouping = rest.removeFirst() }
        if rest.first == "." {
            rest.removeFirst()
            guard let precision = try Self.readNumber(&rest, run) else {
                throw run.failure("format specifier missing precision")
            }
            guard precision <= NumberFormat.maximumPrecision else { throw run.failure("the precision is too big") }
            number.precision = precision
        }
        type = rest.popFirst()
        guard rest.isEmpty else { throw run.failure("invalid format specifier") }
    }

    private static func readNumber(_ rest: inout ArraySlice<Unicode.Scalar>, _ run: Run) throws(TemplateError) -> Int? {
        var number: Int?
        while let digit = rest.first, (0x30...0x39).contains(digit.value) {
            number = (number ?? 0) * 10 + Int(digit.value - 0x30)
            guard let number, number < 1 << 40 else { throw run.failure("too many decimal digits in format string") }
            rest.removeFirst()
        }
        try run.charge(number ?? 0)
        return number
    }

    /// `format(value, specification)`.
    func text(of value: Value) throws(TemplateError) -> Text {
        if isEmpty { return try value.printed(run) }
        switch value {
        case .string(let text):
            guard type == nil || type == "s", !hasSign, !number.isAlternate, number.grouping == nil,
                alignment != "=" || fill == "0"
            else { throw unknown(value) }
            let shown = number.precision.map { text.slice(0..<min($0, text.count)) } ?? text
            return padded("", shown, alignment == "=" ? "<" : alignment ?? "<")
        case .bool, .int:
            guard let whole = value.integer else { throw unknown(value) }
            if case .bool = value, type == nil { return padded("", try value.printed(run), alignment ?? ">") }
            return try text(of: whole, value)
        case .float(let number): return try text(of: number, value)
        default: throw run.failure("unsupported format string passed to \(value.typeName).__format__")
        }
    }

    private func unknown(_ value: Value) -> TemplateError {
        run.failure("the format does not fit an object of type '\(value.typeName)'")
    }

    private func text(of whole: Int, _ value: Value) throws(TemplateError) -> Text {
        let type = type ?? "d"
        switch type {
        case "d", "n", "b", "o", "x", "X":
            guard number.precision == nil, !(number.grouping == "," && type != "d") else { throw unknown(value) }
            let parts = number.integer(whole, type: type)
            return padded(parts.sign, parts.digits, alignment ?? ">")
        case "c":
            guard !hasSign, let scalar = UInt32(exactly: whole).flatMap(Unicode.Scalar.init) else {
                throw unknown(value)
            }
            return padded("", Text([scalar]), alignment ?? ">")
        default: return try text(of: Double(whole), value)
        }
    }

    private func text(of float: Double, _ value: Value) throws(TemplateError) -> Text {
        let type = type ?? "\0"
        var parts: NumberFormat.Parts
        switch type {
        case "e", "E", "f", "F", "g", "G", "%": parts = number.float(float, type: type)
        case "n": parts = number.float(float, type: "g")
        case "\0":
            let shortest = float.magnitude.pythonText
            parts = NumberFormat.Parts(sign: float.sign == .minus ? "-" : number.plus, digits: Text(shortest))
            if number.precision != nil || number.grouping != nil {
                parts = number.float(float, type: number.precision == nil ? "f" : "g")
                if number.precision == nil, let dot = shortest.firstIndex(of: "."), !shortest.contains("e") {
                    // Without a precision, the shortest digits are grouped.
                    let whole = number.integer(Int(exactly: float.magnitude.rounded(.down)) ?? 0, type: "d").digits
                    parts.digits = whole + Text(String(shortest[dot...]))
                }
            }
        default: throw unknown(value)
        }
        return padded(parts.sign, parts.digits, alignment ?? ">")
    }

    private func padded(_ sign: Text, _ text: Text, _ alignment: Unicode.Scalar) -> Text {
        let room = width - sign.count - text.count
        guard room > 0 else { return sign + text }
        func filler(_ count: Int) -> Text { Text(repeatElement(fill, count: count)) }
        return switch alignment {
        case "<": sign + text + filler(room)
        case "^": filler(room / 2) + sign + text + filler(room - room / 2)
        case "=": sign + filler(room) + text
        default: filler(room) + sign + text
        }
    }
}
