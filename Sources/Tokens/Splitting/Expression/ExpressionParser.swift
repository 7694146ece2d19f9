import JSON

/// Parses the source of an expression.
struct ExpressionParser {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0
    private var ignoresCase = false

    private static let maximumDepth = 32
    private static let maximumRepetitions = 1024

    init(_ source: String) { scalars = Array(source.unicodeScalars) }

    mutating func parse() throws(ExpressionError) -> ExpressionNode {
        let node = try alternatives()
        guard position == scalars.count else { throw unexpected() }
        return node
    }

    private mutating func alternatives() throws(ExpressionError) -> ExpressionNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw ExpressionError(problem: "it is nested too deeply") }
        var nodes = [try sequence()]
        while take("|") { nodes.append(try sequence()) }
        return nodes.count == 1 ? nodes[0] : .alternatives(nodes)
    }

    private mutating func sequence() throws(ExpressionError) -> ExpressionNode {
        var nodes: [ExpressionNode] = []
        while let next = peek, next != "|", next != ")" { nodes.append(try quantified(try atom())) }
        return .sequence(nodes)
    }

    private mutating func atom() throws(ExpressionError) -> ExpressionNode {
        guard let scalar = next() else { throw unexpected() }
        switch scalar {
        case "(": return try group()
        case "[": return .set(try bracket())
        case "\\": return .set(ScalarSet([try escape()]))
        case "$": return .lineEnd
        case ".": return .set(ScalarSet([.range(0x0A...0x0A)], isNegated: true))
        case "*", "+", "?", "{", "^", ")", "|":
            position -= 1
            throw unexpected()
        default: return .set(ScalarSet(cases(of: scalar.value...scalar.value)))
        }
    }

    /// Parses a group after its `(`.
    private mutating func group() throws(ExpressionError) -> ExpressionNode {
        let outer = ignoresCase
        defer { ignoresCase = outer }
        var lookAhead: Bool?
        if take("?") {
            switch next() {
            case ":": break
            case "=": lookAhead = false
            case "!": lookAhead = true
            case "i" where take(":"): ignoresCase = true
            default:
                position -= 1
                throw unexpected()
            }
        }
        let node = try alternatives()
        guard take(")") else { throw unexpected() }
        return lookAhead.map { .lookAhead(node, isNegated: $0) } ?? node
    }

    private mutating func quantified(_ node: ExpressionNode) throws(ExpressionError) -> ExpressionNode {
        let bounds: (Int, Int?)
        var isBraced = false
        if take("?") {
            bounds = (0, 1)
        } else if take("*") {
            bounds = (0, nil)
        } else if take("+") {
            bounds = (1, nil)
        } else if take("{") {
            bounds = try braces()
            isBraced = true
        } else {
            return node
        }
        // After a quantifier, `?` makes it lazy. After braces, Oniguruma reads `+` as another quantifier.
        if peek == "?" || (isBraced && peek == "+") { throw unexpected() }
        return .repetition(node, minimum: bounds.0, maximum: bounds.1, isPossessive: take("+"))
    }

    /// Parses `n}`, `n,}` or `n,m}`.
    private mutating func braces() throws(ExpressionError) -> (Int, Int?) {
        let minimum = try number()
        var maximum: Int? = minimum
        if take(",") { maximum = peek == "}" ? nil : try number() }
        guard take("}") else { throw unexpected() }
        if let maximum, minimum > maximum {
            throw ExpressionError(problem: "it repeats \(minimum) to \(maximum) times")
        }
        return (minimum, maximum)
    }

    private mutating func number() throws(ExpressionError) -> Int {
        var value: Int?
        while let digit = peek, ("0"..."9").contains(digit), value ?? 0 <= Self.maximumRepetitions {
            value = (value ?? 0) * 10 + Int(digit.value - 0x30)
            position += 1
        }
        guard let value, value <= Self.maximumRepetitions else { throw unexpected() }
        return value
    }
}

extension ExpressionParser {
    /// Parses a class after its `[`.
    private mutating func bracket() throws(ExpressionError) -> ScalarSet {
        let isNegated = take("^")
        var members: [ScalarSet.Member] = []
        while let scalar = next() {
            switch scalar {
            case "]" where !members.isEmpty: return ScalarSet(members, isNegated: isNegated)
            case "[", "]": throw unexpectedBefore()
            case "&" where peek == "&": throw ExpressionError(problem: "'&&' is not implemented")
            default:
                let first = scalar == "\\" ? try escape() : .range(scalar.value...scalar.value)
                members += try range(from: first)
            }
        }
        throw unexpected()
    }

    /// Parses one member of a class, or the range that it starts.
    private mutating func range(from first: ScalarSet.Member) throws(ExpressionError) -> [ScalarSet.Member] {
        guard case .range(let lower) = first else { return [first] }
        guard peek == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else { return cases(of: lower) }
        position += 1
        guard let scalar = next() else { throw unexpected() }
        let last = scalar == "\\" ? try escape() : .range(scalar.value...scalar.value)
        guard case .range(let upper) = last, scalar != "[", lower.lowerBound <= upper.upperBound else {
            throw unexpectedBefore()
        }
        return cases(of: lower.lowerBound...upper.upperBound)
    }

    /// Parses an escape after its backslash.
    private mutating func escape() throws(ExpressionError) -> ScalarSet.Member {
        guard let scalar = next() else { throw unexpected() }
        switch scalar {
        case "s": return .space(isNegated: false)
        case "S": return .space(isNegated: true)
        case "d": return .categories(CategoryMask(.decimalNumber), isNegated: false)
        case "p", "P": return try property(isNegated: scalar == "P")
        case "n": return .range(0x0A...0x0A)
        case "r": return .range(0x0D...0x0D)
        case "t": return .range(0x09...0x09)
        case "u": return try hexadecimal(digits: 4)
        case "x": return take("{") ? try bracedHexadecimal() : try hexadecimal(digits: 2)
        case "a"..."z", "A"..."Z", "0"..."9": throw unexpectedBefore()
        default: return .range(scalar.value...scalar.value)
        }
    }

    private mutating func property(isNegated: Bool) throws(ExpressionError) -> ScalarSet.Member {
        guard take("{") else { throw unexpected() }
        let isInverse = take("^")
        var name = ""
        while let scalar = next(), scalar != "}", name.utf8.count < 40 { name.unicodeScalars.append(scalar) }
        guard let mask = CategoryMask(name: name) else {
            throw ExpressionError(problem: "the property \(quoted(name)) is not implemented")
        }
        return .categories(mask, isNegated: isNegated != isInverse)
    }

    private mutating func hexadecimal(digits: Int) throws(ExpressionError) -> ScalarSet.Member {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let digit = next().flatMap({ Character($0).hexDigitValue }) else { throw unexpectedBefore() }
            value = value << 4 | UInt32(digit)
        }
        return .range(value...value)
    }

    /// Parses `H}`, one to six hexadecimal digits.
    private mutating func bracedHexadecimal() throws(ExpressionError) -> ScalarSet.Member {
        var value: UInt32 = 0
        for _ in 0..<7 {
            guard let scalar = next() else { break }
            if scalar == "}" { return .range(value...value) }
            guard let digit = Character(scalar).hexDigitValue else { break }
            value = value << 4 | UInt32(digit)
        }
        throw unexpectedBefore()
    }

    /// A range. If case is ignored, also its ASCII letters in the other case, with ſ (U+017F) and the Kelvin sign.
    private func cases(of range: ClosedRange<UInt32>) -> [ScalarSet.Member] {
        guard ignoresCase else { return [.range(range)] }
        var members = [ScalarSet.Member.range(range)]
        for value in range.clamped(to: 0...0x7F) where Unicode.Scalar(UInt8(value)).properties.isAlphabetic {
            members.append(.range(value ^ 0x20...value ^ 0x20))
            switch value | 0x20 {
            case 0x73: members.append(.range(0x17F...0x17F))
            case 0x6B: members.append(.range(0x212A...0x212A))
            default: break
            }
        }
        return members
    }
}

extension ExpressionParser {
    private var peek: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func next() -> Unicode.Scalar? {
        guard let scalar = peek else { return nil }
        position += 1
        return scalar
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        position += 1
        return true
    }

    private func unexpected() -> ExpressionError {
        guard let scalar = peek else { return ExpressionError(problem: "it ends in the middle") }
        let found = quoted(String(scalar))
        return ExpressionError(problem: "\(found) at character \(position + 1) is not implemented there")
    }

    private mutating func unexpectedBefore() -> ExpressionError {
        position -= 1
        return unexpected()
    }
}
