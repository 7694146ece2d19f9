/// `format % values`: Python's printf-style formatting.
struct PercentFormat {
    private struct Field {
        var key: Text?
        var isLeft = false
        var isZeroFilled = false
        var width = 0
        var number = NumberFormat()
        var type: Unicode.Scalar = "s"
    }

    private let scalars: [Unicode.Scalar]
    private let isMarkup: Bool
    private let run: Run
    private var index = 0

    init(_ format: Text, _ run: Run) throws(TemplateError) {
        try run.charge(format.utf8.count)
        (scalars, isMarkup) = (format.scalars, format.isMarkup)
        self.run = run
    }

    /// Fills each field from a tuple, a mapping or a single value.
    func text(with value: Value) throws(TemplateError) -> Text {
        var format = self
        return try format.fill(with: value)
    }

    private mutating func fill(with value: Value) throws(TemplateError) -> Text {
        var values = [value]
        var mustUseAll = true
        switch value {
        case .tuple(let tuple): values = tuple.elements
        case .mapping: mustUseAll = false
        default: break
        }
        values.reverse()
        var (result, usesMapping): ([UInt8], Bool) = ([], false)
        while index < scalars.count {
            let scalar = scalars[index]
            index += 1
            guard scalar == "%" else {
                result.append(scalar)
                continue
            }
            var field = Field()
            if try readKey(&field) { usesMapping = true }
            try readOptions(&field, &values)
            if field.type == "%" {
                result.append(scalar)
                continue
            }
            let argument: Value
            if let key = field.key {
                guard case .mapping(let mapping) = value else { throw run.failure("format requires a mapping") }
                guard let found = mapping[key] else { throw run.failure("no key '\(key.string)' for the format") }
                argument = found
            } else {
                guard let next = values.popLast() else { throw run.failure("not enough arguments for format string") }
                argument = next
            }
            result.append(try text(of: argument, field))
        }
        if mustUseAll, !usesMapping, !values.isEmpty {
            throw run.failure("not all arguments converted during string formatting")
        }
        return Text(utf8: result)
    }

    private mutating func next() throws(TemplateError) -> Unicode.Scalar {
        guard index < scalars.count else { throw run.failure("incomplete format") }
        index += 1
        return scalars[index - 1]
    }

    private mutating func readKey(_ field: inout Field) throws(TemplateError) -> Bool {
        guard index < scalars.count, scalars[index] == "(" else { return false }
        index += 1
        var key: [Unicode.Scalar] = []
        var depth = 1
        while true {
            let scalar = try next()
            if scalar == "(" { depth += 1 } else if scalar == ")" { depth -= 1 }
            guard depth > 0 else { break }
            key.append(scalar)
        }
        field.key = Text(key)
        return true
    }

    private mutating func readOptions(_ field: inout Field, _ values: inout [Value]) throws(TemplateError) {
        var scalar = try next()
        while "-+ #0".unicodeScalars.contains(scalar) {
            switch scalar {
            case "-": field.isLeft = true
            case "+": field.number.plus = "+"
            case " ": if field.number.plus.isEmpty { field.number.plus = " " }
            case "#": field.number.isAlternate = true
            default: field.isZeroFilled = true
            }
            scalar = try next()
        }
        field.width = try readNumber(&scalar, &values) ?? 0
        if field.width < 0 { (field.isLeft, field.width) = (true, -field.width) }
        if scalar == "." {
            scalar = try next()
            let precision = max(0, try readNumber(&scalar, &values) ?? 0)
            guard precision <= NumberFormat.maximumPrecision else { throw run.failure("the precision is too big") }
            field.number.precision = precision
        }
        while scalar == "h" || scalar == "l" || scalar == "L" { scalar = try next() }
        field.type = scalar
    }

    private mutating func readNumber(_ scalar: inout Unicode.Scalar, _ values: inout [Value]) throws(TemplateError)
        -> Int?
    {
        if scalar == "*" {
            guard let value = values.popLast(), let number = value.integer else { throw run.failure("* wants int") }
            scalar = try next()
            try run.charge(number.magnitude > 1 << 40 ? .max : Int(number.magnitude))
            return number
        }
        var number: Int?
        while let digit = scalar.value >= 0x30 && scalar.value <= 0x39 ? Int(scalar.value - 0x30) : nil {
            number = (number ?? 0) * 10 + digit
            guard let number, number < 1 << 40 else { throw run.failure("the width or precision is too big") }
            scalar = try next()
        }
        try run.charge(number ?? 0)
        return number
    }

    private func text(of value: Value, _ field: Field) throws(TemplateError) -> Text {
        switch field.type {
        case "s", "r", "a":
            var text = field.type == "s" ? try value.printed(run) : try value.representation(run)
            if isMarkup { text = try run.escaped(text.marked(text.isMarkup && field.type == "s")) }
            if field.type == "a" { text = text.asciiEscaped }
            if let precision = field.number.precision { text = text.slice(0..<min(precision, text.count)) }
            return try padded("", text, field, zeros: false)
        case "c":
            guard let text = value.text else {
                guard let code = value.integer, let scalar = UInt32(exactly: code).flatMap(Unicode.Scalar.init) else {
                    throw run.failure("%c requires an int in range or a character")
                }
                return try padded("", Text([scalar]), field, zeros: false)
            }
            guard text.count == 1 else { throw run.failure("%c requires an int in range or a character") }
            return try padded("", text, field, zeros: false)
        case "d", "i", "u", "x", "X", "o":
            guard let number = try wholeNumber(value, field.type) else {
                if case .undefined(let undefined) = value { throw run.failure(undefined.message) }
                throw run.failure("%\(field.type) format: a number is required, not \(value.typeName)")
            }
            var parts = field.number.integer(number, type: field.type)
            let missing = (field.number.precision ?? 0) - parts.digits.count
            if missing > 0 { parts.digits = Text(String(repeating: "0", count: missing)) + parts.digits }
            return try padded(parts.sign, parts.digits, field, zeros: field.isZeroFilled)
        case "e", "E", "f", "F", "g", "G":
            guard let number = value.number else {
                if case .undefined(let undefined) = value { throw run.failure(undefined.message) }
                throw run.failure("must be real number, not \(value.typeName)")
            }
            let parts = field.number.float(number, type: field.type)
            return try padded(parts.sign, parts.digits, field, zeros: field.isZeroFilled)
        default: throw run.failure("unsupported format character '\(field.type)'")
        }
    }

    private func wholeNumber(_ value: Value, _ type: Unicode.Scalar) throws(TemplateError) -> Int? {
        if let number = value.integer { return number }
        guard case .float(let number) = value, "diu".unicodeScalars.contains(type) else { return nil }
        guard let whole = Int(exactly: number.rounded(.towardZero)) else {
            throw run.failure("the number does not fit 64 bits")
        }
        return whole
    }

    private func padded(_ sign: Text, _ text: Text, _ field: Field, zeros: Bool) throws(TemplateError) -> Text {
        let room = field.width - sign.count - text.count
        guard room > 0 else { return sign + text }
        let fill = Text(utf8: Array(repeating: UInt8(ascii: zeros && !field.isLeft ? "0" : " "), count: room))
        if field.isLeft { return sign + text + fill }
        return zeros ? sign + fill + text : fill + sign + text
    }
}

extension Text {
    /// Escapes non-ASCII scalars.
    fileprivate var asciiEscaped: Text {
        if isASCII { return self }
        var bytes: [UInt8] = []
        for scalar in scalars { if scalar.isASCII { bytes.append(scalar) } else { bytes.append(scalar.pythonEscape) } }
        return Text(utf8: bytes)
    }
}
