import JSON

/// Parses a regular expression: the syntax that ECMAScript and Python share.
///
/// `\d`, `\w` and `\s` are ASCII's. What cannot be kept is refused by name: lookarounds, backreferences, word boundaries, anchors
/// within a text, and flags.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0

    static let maximumRepetitions = 100_000
    private static let maximumDepth = 48
    private static let maximumLength = 100_000

    private init(_ source: String) { scalars = Array(source.unicodeScalars) }

    /// The texts that the whole of `source` describes.
    static func whole(_ source: String) throws(ConstraintError) -> Pattern {
        try parse(source) { $0.map(\.pattern) }
    }

    /// The texts that hold a match of `source`, as JSON schemas understand patterns.
    static func search(_ source: String) throws(ConstraintError) -> Pattern {
        try parse(source) { alternatives in
            alternatives.map { alternative in
                let before = alternative.isAnchoredBefore ? Pattern.empty : .anything
                let after = alternative.isAnchoredAfter ? Pattern.empty : .anything
                return .sequence([before, alternative.pattern, after])
            }
        }
    }

    private static func parse(
        _ source: String, _ combine: ([Alternative]) -> [Pattern]
    ) throws(ConstraintError) -> Pattern {
        var parser = PatternParser(source)
        guard parser.scalars.count <= maximumLength else {
            throw .expression(problem: "it is longer than \(maximumLength) characters")
        }
        let alternatives = try parser.alternatives()
        guard parser.position == parser.scalars.count else { throw parser.refusal("an unmatched ')'") }
        return .choice(combine(alternatives))
    }

    /// One of several alternatives, and whether it must stand at the beginning and at the end of the text.
    private struct Alternative {
        var pattern: Pattern
        var isAnchoredBefore = false
        var isAnchoredAfter = false
    }

    private mutating func alternatives() throws(ConstraintError) -> [Alternative] {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw refusal("groups nested deeper than \(Self.maximumDepth)") }
        var found = try alternative()
        while take("|") { found += try alternative() }
        return found
    }

    private mutating func alternative() throws(ConstraintError) -> [Alternative] {
        var result = Alternative(pattern: .empty)
        var parts: [Pattern] = []
        if take("^") || takePair("\\", "A") { result.isAnchoredBefore = true }
        let isLeading = !result.isAnchoredBefore
        while let next = peek, next != "|", next != ")" {
            if take("$") || takePair("\\", "Z") || takePair("\\", "z") {
                result.isAnchoredAfter = true
                guard peek == nil || peek == "|" || peek == ")" else { throw refusal("'$' before the end") }
                break
            }
            guard next != "^" else { throw refusal("'^' after the beginning") }
            let isGroup = next == "("
            let (atom, inner) = try atom()
            // A group that is the whole alternative passes its anchors on.
            if isGroup, isLeading, parts.isEmpty, peek == nil || peek == "|" || peek == ")" { return inner }
            guard !inner.contains(where: { $0.isAnchoredBefore || $0.isAnchoredAfter }) else {
                throw refusal("an anchor in a group that is not the whole alternative")
            }
            parts.append(try quantified(atom))
        }
        result.pattern = .sequence(parts)
        return [result]
    }

    /// An atom; of a group, also its alternatives.
    private mutating func atom() throws(ConstraintError) -> (Pattern, [Alternative]) {
        guard let scalar = next() else { throw refusal("an end in the middle") }
        switch scalar {
        case "(":
            let inner = try group()
            return (.choice(inner.map(\.pattern)), inner)
        case "[": return (.set(try bracket()), [])
        case "\\": return (.set(try escape(inBracket: false)), [])
        case ".": return (.set(CharacterRanges([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029]).inverted), [])
        case "*", "+", "?": throw refusal("a quantifier with nothing before it")
        default: return (.set(CharacterRanges(scalar.value)), [])
        }
    }

    /// Parses a group after its `(`.
    private mutating func group() throws(ConstraintError) -> [Alternative] {
        if take("?") {
            switch next() {
            case ":": break
            case "P" where take("<"), "<" where peek != "=" && peek != "!":
                while let scalar = next(), scalar != ">" {}
            case "=", "!": throw refusal("a lookahead")
            case "<": throw refusal("a lookbehind")
            default: throw refusal("a group with flags or conditions")
            }
        }
        let inner = try alternatives()
        guard take(")") else { throw refusal("a group without ')'") }
        return inner
    }

    private mutating func quantified(_ atom: Pattern) throws(ConstraintError) -> Pattern {
        var result = atom
        var isQuantified = false
        while let bounds = try quantifier() {
            guard !isQuantified else { throw refusal("two quantifiers in a row") }
            isQuantified = true
            result = .repetition(result, minimum: bounds.minimum, maximum: bounds.maximum)
            // A lazy quantifier describes the same texts.
            if take("?") { continue }
            if peek == "+" { throw refusal("a possessive quantifier") }
        }
        return result
    }

    private mutating func quantifier() throws(ConstraintError) -> (minimum: Int, maximum: Int?)? {
        if take("?") { return (0, 1) }
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        return take("{") ? try braces() : nil
    }

    /// Parses `n}`, `n,}` or `n,m}`.
    private mutating func braces() throws(ConstraintError) -> (minimum: Int, maximum: Int?) {
        let minimum = number()
        let maximum = take(",") ? number() : minimum
        guard let minimum, take("}") else { throw refusal("a '{' that is no quantifier (write \\{)") }
        if let maximum, minimum > maximum { throw refusal("a repetition of \(minimum) to \(maximum) times") }
        guard max(minimum, maximum ?? 0) <= Self.maximumRepetitions else {
            throw refusal("a repetition of more than \(Self.maximumRepetitions) times")
        }
        return (minimum, maximum)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let digit = peek, ("0"..."9").contains(digit) {
            value = min((value ?? 0) * 10 + Int(digit.value - 0x30), Self.maximumRepetitions + 1)
            position += 1
        }
        return value
    }
}

extension PatternParser {
    /// Parses a class after its `[`.
    private mutating func bracket() throws(ConstraintError) -> CharacterRanges {
        let isNegated = take("^")
        var members = CharacterRanges.none
        var isFirst = true
        while let scalar = next() {
            if scalar == "]", !isFirst { return isNegated ? members.inverted : members }
            // `[]` is empty in ECMAScript and begins a class with ']' in Python.
            if scalar == "]" { throw refusal("an empty class") }
            isFirst = false
            let first = scalar == "\\" ? try escape(inBracket: true) : CharacterRanges(scalar.value)
            guard peek == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
                members = members.union(first)
                continue
            }
            position += 1
            guard let end = next() else { break }
            let last = end == "\\" ? try escape(inBracket: true) : CharacterRanges(end.value)
            guard let low = first.single, let high = last.single, low <= high else {
                throw refusal("a range in a class that is none")
            }
            members = members.union(CharacterRanges([low...high]))
        }
        throw refusal("a class without ']'")
    }

    /// Parses an escape after its backslash.
    private mutating func escape(inBracket: Bool) throws(ConstraintError) -> CharacterRanges {
        guard let scalar = next() else { throw refusal("a backslash at the end") }
        switch scalar {
        case "d": return .digits
        case "D": return .nonDigits
        case "w": return .words
        case "W": return .nonWords
        case "s": return .spaces
        case "S": return .nonSpaces
        case "n": return CharacterRanges(0x0A)
        case "r": return CharacterRanges(0x0D)
        case "t": return CharacterRanges(0x09)
        case "f": return CharacterRanges(0x0C)
        case "v": return CharacterRanges(0x0B)
        case "b" where inBracket: return CharacterRanges(0x08)
        case "b", "B": throw refusal("a word boundary")
        case "0" where !(peek.map { ("0"..."9").contains($0) } ?? false): return CharacterRanges(0)
        case "1"..."9", "0", "k": throw refusal("a backreference")
        case "x": return CharacterRanges(try hexadecimal(2...2))
        case "u" where take("{"):
            let value = try hexadecimal(1...6)
            guard take("}") else { throw refusal("an escape without '}'") }
            return CharacterRanges(value)
        case "u": return CharacterRanges(try unit())
        case "p", "P": throw refusal("a Unicode property (\\p)")
        case "a"..."z", "A"..."Z": throw refusal("the escape \\\(scalar)")
        default: return CharacterRanges(scalar.value)
        }
    }

    /// Parses four digits after `\u`, or the two halves of a surrogate pair.
    private mutating func unit() throws(ConstraintError) -> UInt32 {
        let first = try hexadecimal(4...4)
        guard (0xD800...0xDBFF).contains(first), takePair("\\", "u") else { return first }
        let second = try hexadecimal(4...4)
        guard (0xDC00...0xDFFF).contains(second) else { throw refusal("half of a surrogate pair") }
        return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
    }

    private mutating func hexadecimal(_ counts: ClosedRange<Int>) throws(ConstraintError) -> UInt32 {
        var (value, count) = (UInt32(0), 0)
        while count < counts.upperBound, let digit = peek.flatMap({ Character($0).hexDigitValue }) {
            value = value << 4 | UInt32(digit)
            (position, count) = (position + 1, count + 1)
        }
        guard counts.contains(count), Unicode.Scalar(value) != nil || (0xD800...0xDFFF).contains(value) else {
            throw refusal("an escape that is no character")
        }
        return value
    }
}

extension PatternParser {
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

    private mutating func takePair(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Bool {
        guard position + 1 < scalars.count, scalars[position] == first, scalars[position + 1] == second else {
            return false
        }
        position += 2
        return true
    }

    private func refusal(_ what: String) -> ConstraintError {
        .expression(problem: "\(what) near character \(min(position, scalars.count)) is not supported")
    }
}

extension CharacterRanges {
    /// The only scalar of the set; nil if there are none or several.
    fileprivate var single: UInt32? {
        ranges.count == 1 && ranges[0].count == 1 ? ranges[0].lowerBound : nil
    }
}
