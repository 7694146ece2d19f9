/// Parses a grammar in GBNF, llama.cpp's notation: `name ::= alternatives`, with the rule `root` as the start.
struct GrammarNotation {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0
    private var grammar = Grammar()
    private var numbers: [String: Int] = [:]
    private var defined: Set<String> = []
    /// Where a rule is named for the first time.
    private var firstUses: [String: Int] = [:]

    private static let maximumDepth = 48
    private static let maximumLength = 1_000_000
    private static let maximumRepetitions = 100_000

    private init(_ source: String) { scalars = Array(source.unicodeScalars) }

    /// - Throws: `ConstraintError.grammar`.
    static func grammar(_ source: String) throws(ConstraintError) -> Grammar {
        var parser = GrammarNotation(source)
        guard parser.scalars.count <= maximumLength else {
            throw .grammar(line: 1, problem: "it is longer than \(maximumLength) characters")
        }
        try parser.rules()
        return parser.grammar
    }

    private mutating func rules() throws(ConstraintError) {
        skipSpace(lines: true)
        while position < scalars.count { try rule() }
        if let missing = firstUses.filter({ !defined.contains($0.key) }).min(by: { $0.value < $1.value }) {
            throw .grammar(line: line(at: missing.value), problem: "there is no rule \(missing.key)")
        }
        guard let root = numbers["root"], defined.contains("root") else {
            throw .grammar(line: 1, problem: "there is no rule root, where a grammar starts")
        }
        grammar.start = .rule(root)
    }

    private mutating func rule() throws(ConstraintError) {
        guard let name = name() else { throw problem("a rule's name should be here") }
        guard defined.insert(name).inserted else { throw problem("the rule \(name) is there twice") }
        skipSpace(lines: false)
        guard take(":"), take(":"), take("=") else { throw problem("'::=' should follow the rule's name") }
        skipSpace(lines: true)
        let node = try alternatives(isNested: false)
        grammar.define(number(of: name), as: node)
        skipSpace(lines: true)
    }

    private mutating func alternatives(isNested: Bool) throws(ConstraintError) -> GrammarNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw problem("groups are nested deeper than \(Self.maximumDepth)") }
        var nodes = [try sequence(isNested: isNested)]
        while take("|") {
            skipSpace(lines: true)
            nodes.append(try sequence(isNested: isNested))
        }
        return nodes.count == 1 ? nodes[0] : .choice(nodes)
    }

    /// Parses one alternative. A line's end ends it, unless it stands in parentheses or `|` follows.
    private mutating func sequence(isNested: Bool) throws(ConstraintError) -> GrammarNode {
        var nodes: [GrammarNode] = []
        while let scalar = peek, scalar != "|", scalar != ")" {
            if isLineEnd(scalar) {
                let end = position
                skipSpace(lines: true)
                if peek == "|" { break }
                position = end
                break
            }
            nodes.append(try quantified(try atom()))
            skipSpace(lines: isNested)
        }
        return .sequence(nodes)
    }

    private mutating func atom() throws(ConstraintError) -> GrammarNode {
        guard let scalar = peek else { throw problem("the grammar ends in the middle") }
        switch scalar {
        case "\"": return try literal()
        case "[": return CharacterCoding.plain.node(try bracket())
        case ".":
            position += 1
            return CharacterCoding.plain.node(.all)
        case "(":
            position += 1
            skipSpace(lines: true)
            let node = try alternatives(isNested: true)
            guard take(")") else { throw problem("')' should be here") }
            return node
        case "<", "!": throw problem("tokens in a grammar are not supported; write their text")
        default:
            let start = position
            guard let name = name() else { throw problem("'\(scalar)' cannot stand here") }
            if firstUses[name] == nil { firstUses[name] = start }
            return .rule(number(of: name))
        }
    }

    private mutating func quantified(_ node: GrammarNode) throws(ConstraintError) -> GrammarNode {
        var node = node
        // More of them would nest the grammar deeply.
        for _ in 0..<8 {
            if take("*") {
                node = .any(node)
            } else if take("+") {
                node = .repetition(node, minimum: 1, maximum: nil)
            } else if take("?") {
                node = .optional(node)
            } else if take("{") {
                let minimum = try count()
                let maximum: Int? = take(",") ? (peek == "}" ? nil : try count()) : minimum
                guard take("}") else { throw problem("'}' should be here") }
                if let maximum, maximum < minimum { throw problem("it repeats \(minimum) to \(maximum) times") }
                node = .repetition(node, minimum: minimum, maximum: maximum)
            } else {
                return node
            }
        }
        throw problem("more than 8 quantifiers in a row are not supported")
    }

    private mutating func count() throws(ConstraintError) -> Int {
        var value: Int?
        while let digit = peek, ("0"..."9").contains(digit), value ?? 0 <= Self.maximumRepetitions {
            value = (value ?? 0) * 10 + Int(digit.value - 0x30)
            position += 1
        }
        guard let value, value <= Self.maximumRepetitions else {
            throw problem("a number up to \(Self.maximumRepetitions) should be here")
        }
        return value
    }
}

extension GrammarNotation {
    private mutating func literal() throws(ConstraintError) -> GrammarNode {
        position += 1
        var text = String.UnicodeScalarView()
        while let scalar = next() {
            if scalar == "\"" { return .literal(String(text)) }
            guard !isLineEnd(scalar) else { break }
            text.append(scalar == "\\" ? try escape() : scalar)
        }
        throw problem("a text has no end")
    }

    private mutating func bracket() throws(ConstraintError) -> CharacterRanges {
        position += 1
        let isNegated = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        while let scalar = next() {
            if scalar == "]" { return isNegated ? CharacterRanges(ranges).inverted : CharacterRanges(ranges) }
            let low = scalar == "\\" ? try escape() : scalar
            guard peek == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
                ranges.append(low.value...low.value)
                continue
            }
            position += 1
            guard let scalar = next() else { break }
            let high = scalar == "\\" ? try escape() : scalar
            guard low <= high else { throw problem("a range of characters is empty") }
            ranges.append(low.value...high.value)
        }
        throw problem("a class has no ']'")
    }

    private mutating func escape() throws(ConstraintError) -> Unicode.Scalar {
        guard let scalar = next() else { throw problem("the grammar ends in an escape") }
        switch scalar {
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "x": return try hexadecimal(2)
        case "u": return try hexadecimal(4)
        case "U": return try hexadecimal(8)
        case "\\", "\"", "[", "]", "-", "^", "/", "'": return scalar
        default: throw problem("the escape \\\(scalar) is not supported")
        }
    }

    private mutating func hexadecimal(_ count: Int) throws(ConstraintError) -> Unicode.Scalar {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let digit = next().flatMap({ Character($0).hexDigitValue }) else {
                throw problem("an escape needs \(count) hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
        }
        guard let scalar = Unicode.Scalar(value) else { throw problem("an escape is no character") }
        return scalar
    }

    private mutating func name() -> String? {
        let start = position
        while let scalar = peek, scalar.isASCII,
            scalar.properties.isAlphabetic || "0123456789-_".unicodeScalars.contains(scalar)
        { position += 1 }
        guard position > start else { return nil }
        return String(String.UnicodeScalarView(scalars[start..<position]))
    }

    private mutating func number(of name: String) -> Int {
        if let number = numbers[name] { return number }
        let number = grammar.declare(name)
        numbers[name] = number
        return number
    }

    /// Skips blanks and comments; with `lines`, also ends of lines.
    private mutating func skipSpace(lines: Bool) {
        while let scalar = peek {
            if scalar == "#" {
                while let scalar = peek, !isLineEnd(scalar) { position += 1 }
            } else if scalar == " " || scalar == "\t" || (lines && isLineEnd(scalar)) {
                position += 1
            } else {
                return
            }
        }
    }

    private func isLineEnd(_ scalar: Unicode.Scalar) -> Bool { scalar == "\n" || scalar == "\r" }

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

    private func line(at position: Int) -> Int { scalars[..<min(position, scalars.count)].count { $0 == "\n" } + 1 }

    private func problem(_ text: String) -> ConstraintError { .grammar(line: line(at: position), problem: text) }
}
