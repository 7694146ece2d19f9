import JSON

/// What schemas ask of a text.
struct StringLimits {
    private(set) var minimum = 0
    private(set) var maximum: Int?
    private(set) var patterns: [Pattern] = []

    init() {}

    init(_ schema: SchemaPlace) throws(ConstraintError) {
        try add(schema)
    }

    mutating func add(_ schema: SchemaPlace) throws(ConstraintError) {
        if let least = try schema.count("minLength") { minimum = max(minimum, least) }
        if let most = try schema.count("maxLength") { maximum = min(maximum ?? most, most) }
        if let value = schema.value["pattern"] {
            guard let text = value.stringValue else { throw schema.problem("'pattern' should be a text") }
            do {
                patterns.append(try PatternParser.search(text))
            } catch {
                throw schema.problem("the pattern \(quoted(text)): \(error.patternProblem)")
            }
        }
        if let value = schema.value["format"] {
            guard let name = value.stringValue else { throw schema.problem("'format' should be a text") }
            if let pattern = try StringFormat.pattern(name, at: schema) { patterns.append(pattern) }
        }
    }
}

extension ConstraintError {
    /// What is wrong with an expression, without saying that it is one.
    fileprivate var patternProblem: String {
        if case .expression(let problem) = self { problem } else { description }
    }
}

extension SchemaGrammar {
    /// The texts that `leaves` allow, in quotes.
    mutating func strings(_ leaves: [SchemaPlace]) throws(ConstraintError) -> GrammarNode {
        var limits = StringLimits()
        for leaf in leaves { try limits.add(leaf) }
        let quote = GrammarNode.literal("\"")
        return .sequence([quote, try content(limits, leaves), quote])
    }

    private mutating func content(
        _ limits: StringLimits, _ leaves: [SchemaPlace]
    ) throws(ConstraintError) -> GrammarNode {
        let isLimited = limits.minimum > 0 || limits.maximum != nil
        if let maximum = limits.maximum, maximum < limits.minimum { return .nothing }
        guard let first = limits.patterns.first else {
            guard max(limits.minimum, limits.maximum ?? 0) <= PatternParser.maximumRepetitions else {
                throw leaves[0].problem("a length above \(PatternParser.maximumRepetitions) is not supported")
            }
            return .repetition(character(), minimum: limits.minimum, maximum: limits.maximum)
        }
        if limits.patterns.count == 1, !isLimited { return first.node(.json) }
        do {
            var automaton = try TextAutomaton(first)
            for pattern in limits.patterns.dropFirst() {
                automaton = try automaton.intersection(TextAutomaton(pattern))
            }
            if isLimited { automaton = try automaton.limited(minimum: limits.minimum, maximum: limits.maximum) }
            return automaton.node(.json, in: &grammar)
        } catch {
            throw leaves[0].problem("the pattern: \(error.patternProblem)")
        }
    }

    /// Any character as it may stand in a JSON string, in any of its spellings; surrogates come in pairs.
    mutating func character() -> GrammarNode {
        part(.character) {
            func hex(_ ranges: ClosedRange<UInt8>...) -> GrammarNode {
                .bytes(ranges.reduce(ByteSet()) { $0.union(ByteSet($1)) })
            }
            let digit = hex(0x30...0x39, 0x41...0x46, 0x61...0x66)
            let surrogate = GrammarNode.bytes(
                [UInt8](arrayLiteral: 0x44, 0x64).reduce(ByteSet()) { $0.union(ByteSet($1)) })
            let letters = GrammarNode.bytes("\"\\/bfnrt".utf8.reduce(ByteSet()) { $0.union(ByteSet($1)) })
            let single = GrammarNode.choice([
                .sequence([hex(0x30...0x39, 0x41...0x43, 0x45...0x46, 0x61...0x63, 0x65...0x66), digit, digit, digit]),
                .sequence([surrogate, hex(0x30...0x37), digit, digit]),
            ])
            let pair = GrammarNode.sequence([
                surrogate, hex(0x38...0x39, 0x41...0x42, 0x61...0x62), digit, digit, .literal("\\u"), surrogate,
                hex(0x43...0x46, 0x63...0x66), digit, digit,
            ])
            return .choice([
                CharacterCoding.plain.node(CharacterRanges([0...0x1F, 0x22...0x22, 0x5C...0x5C]).inverted),
                .sequence([
                    .literal("\\"), .choice([letters, .sequence([.literal("u"), .choice([single, pair])])]),
                ]),
            ])
        }
    }
}
