import JSON

extension SchemaGrammar {
    /// The numbers that `leaves` allow.
    mutating func numbers(_ leaves: [SchemaPlace], isInteger: Bool) throws(ConstraintError) -> GrammarNode {
        var (lower, upper): (Limit?, Limit?) = (nil, nil)
        var divisor: Int?
        for leaf in leaves {
            for (name, isExclusive) in [("minimum", false), ("exclusiveMinimum", true)] {
                guard let limit = try Limit(leaf, name, isExclusive: isExclusive) else { continue }
                if lower.map({ limit.value > $0.value || (limit.value == $0.value && isExclusive) }) ?? true {
                    lower = limit
                }
            }
            for (name, isExclusive) in [("maximum", false), ("exclusiveMaximum", true)] {
                guard let limit = try Limit(leaf, name, isExclusive: isExclusive) else { continue }
                if upper.map({ limit.value < $0.value || (limit.value == $0.value && isExclusive) }) ?? true {
                    upper = limit
                }
            }
            if let value = leaf.value["multipleOf"] {
                guard let number = value.doubleValue, number > 0 else {
                    throw leaf.problem("'multipleOf' is \(value); give a positive number")
                }
                guard let whole = Int(exactly: number), divisor == nil || divisor == whole else {
                    throw leaf.problem("'multipleOf' \(value) is not supported; give one whole number")
                }
                divisor = whole
            }
        }
        if let lower, let upper, lower.value > upper.value { return .nothing }
        guard let divisor, divisor > 1 else {
            let isInteger = isInteger || divisor == 1
            return NumberGrammar(lower: lower?.bound, upper: upper?.bound, isInteger: isInteger).node(in: &grammar)
        }
        return try multiples(of: divisor, lower, upper, leaves[0])
    }

    /// The multiples between two limits, if few enough to be listed; without limits, any.
    private mutating func multiples(
        of divisor: Int, _ lower: Limit?, _ upper: Limit?, _ schema: SchemaPlace
    ) throws(ConstraintError) -> GrammarNode {
        guard lower != nil || upper != nil else { return try allMultiples(of: divisor, schema) }
        guard let lower, let upper, abs(lower.value) < 1e15, abs(upper.value) < 1e15,
            (upper.value - lower.value) / Double(divisor) <= 10_000
        else {
            throw schema.problem("'multipleOf' is supported alone, or between limits with at most 10000 multiples")
        }
        let first = Int((lower.value / Double(divisor)).rounded(.up)) * divisor
        let all = stride(from: first, through: Int(upper.value.rounded(.down)), by: divisor).filter { value in
            !(lower.isExclusive && Double(value) == lower.value) && !(upper.isExclusive && Double(value) == upper.value)
        }
        return .choice(all.map { .literal(String($0)) })
    }

    /// Up to 15 digits, which a double keeps apart, by their number and the remainder so far.
    private mutating func allMultiples(of divisor: Int, _ schema: SchemaPlace) throws(ConstraintError) -> GrammarNode {
        guard divisor <= 200 else { throw schema.problem("'multipleOf' above 200 is not supported without limits") }
        func steps(from remainder: Int, _ digits: ClosedRange<Int>, to rest: [GrammarNode]) -> [GrammarNode] {
            digits.map { .sequence([.literal(String($0)), rest[(remainder * 10 + $0) % divisor]]) }
        }
        var rest = (0..<divisor).map { $0 == 0 ? GrammarNode.empty : .nothing }
        for _ in 1..<15 {
            rest = (0..<divisor).map { remainder in
                let end = remainder == 0 ? [GrammarNode.empty] : []
                return grammar.add("multiples", .choice(end + steps(from: remainder, 0...9, to: rest)))
            }
        }
        return .choice([
            .literal("0"), .sequence([.optional(.literal("-")), .choice(steps(from: 0, 1...9, to: rest))]),
        ])
    }
}

/// A limit of numbers, for comparing and for the grammar.
private struct Limit {
    let value: Double
    let bound: NumberBound
    var isExclusive: Bool { bound.isExclusive }

    /// Nil if the schema has no such keyword.
    init?(_ schema: SchemaPlace, _ name: String, isExclusive: Bool) throws(ConstraintError) {
        guard let json = schema.value[name] else { return nil }
        guard let value = json.doubleValue else {
            throw schema.problem("\(quoted(name)) is \(json); give a number")
        }
        let digits = json.intValue.map { DecimalDigits(magnitudeOf: $0) } ?? DecimalDigits(magnitudeOf: value)
        guard let digits else { throw schema.problem("\(quoted(name)) has too many digits") }
        self.value = value
        bound = NumberBound(digits, isNegative: value < 0, isExclusive: isExclusive)
    }
}
