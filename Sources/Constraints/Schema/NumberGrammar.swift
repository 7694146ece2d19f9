/// A bound of numbers.
struct NumberBound {
    let digits: DecimalDigits
    let isNegative: Bool
    let isExclusive: Bool

    init(_ digits: DecimalDigits, isNegative: Bool, isExclusive: Bool) {
        self.digits = digits
        self.isNegative = isNegative && !digits.isZero
        self.isExclusive = isExclusive
    }
}

/// Builds the grammar of the numbers between two bounds, in decimal notation.
///
/// Numbers have at most `digitLimit` digits, so that every reader keeps them exactly.
struct NumberGrammar {
    let lower: NumberBound?
    let upper: NumberBound?
    let isInteger: Bool

    /// Digits that a 64-bit integer always holds, and that a double keeps apart.
    private var digitLimit: Int { isInteger ? 18 : 15 }

    func node(in grammar: inout Grammar) -> GrammarNode {
        guard lower != nil || upper != nil else { return unbounded }
        var parts: [GrammarNode] = []
        // 0 ≤ x: both bounds as they are, a negative lower one as none.
        if upper.map({ !$0.isNegative && !($0.digits.isZero && $0.isExclusive) }) ?? true {
            parts.append(magnitudes(from: lower.flatMap { $0.isNegative ? nil : $0 }, to: upper, &grammar))
        }
        // x < 0: the magnitudes between the bounds' own.
        if lower?.isNegative ?? true {
            let zero = NumberBound(.zero, isNegative: false, isExclusive: true)
            let nearest = upper.flatMap { $0.isNegative ? $0 : nil } ?? zero
            parts.append(.sequence([.literal("-"), magnitudes(from: nearest, to: lower, &grammar)]))
        }
        return .choice(parts)
    }

    private var unbounded: GrammarNode {
        let digit = GrammarNode.bytes(ByteSet(0x30...0x39))
        func digits(_ minimum: Int, _ maximum: Int) -> GrammarNode {
            .repetition(digit, minimum: minimum, maximum: maximum)
        }
        let whole = GrammarNode.choice([
            .literal("0"), .sequence([.bytes(ByteSet(0x31...0x39)), digits(0, digitLimit - 1)]),
        ])
        let number = GrammarNode.sequence([.optional(.literal("-")), whole])
        guard !isInteger else { return number }
        let sign = GrammarNode.optional(.choice([.literal("+"), .literal("-")]))
        let letter = GrammarNode.choice([.literal("e"), .literal("E")])
        return .sequence([
            number, .optional(.sequence([.literal("."), digits(1, 15)])),
            .optional(.sequence([letter, sign, digits(1, 2)])),
        ])
    }

    /// The magnitudes between two magnitudes; nil for no bound.
    private func magnitudes(from low: NumberBound?, to high: NumberBound?, _ grammar: inout Grammar) -> GrammarNode {
        .choice(
            (1...digitLimit).map { count in
                length(
                    count, low: low.flatMap { $0.digits.whole.count < count ? nil : $0 },
                    high: high.flatMap { $0.digits.whole.count > count ? nil : $0 }, &grammar)
            })
    }

    /// The magnitudes with `count` digits before the point.
    private func length(
        _ count: Int, low: NumberBound?, high: NumberBound?, _ grammar: inout Grammar
    ) -> GrammarNode {
        if let low, low.digits.whole.count > count { return .nothing }
        if let high, high.digits.whole.count < count { return .nothing }
        var places = Places(whole: count, fraction: isInteger ? 0 : digitLimit - count, low: low, high: high)
        return places.node(at: 0, isLow: low != nil, isHigh: high != nil, in: &grammar)
    }
}

/// The digits of numbers with a given number of them before the point, and what may stand at each place.
private struct Places {
    let whole: Int
    let fraction: Int
    let low: NumberBound?
    let high: NumberBound?
    private var rules: [Key: GrammarNode] = [:]

    /// A place, and whether the digits so far are those of the bounds.
    private struct Key: Hashable {
        let place: Int
        let isLow: Bool
        let isHigh: Bool
    }

    init(whole: Int, fraction: Int, low: NumberBound?, high: NumberBound?) {
        (self.whole, self.fraction, self.low, self.high) = (whole, fraction, low, high)
    }

    mutating func node(at place: Int, isLow: Bool, isHigh: Bool, in grammar: inout Grammar) -> GrammarNode {
        let key = Key(place: place, isLow: isLow, isHigh: isHigh)
        if let known = rules[key] { return known }
        var parts: [GrammarNode] = []
        if place >= whole, canEnd(at: place, isLow: isLow, isHigh: isHigh) { parts.append(.empty) }
        if place < whole + fraction {
            let (least, most) = (isLow ? digit(of: low, place) : 0, isHigh ? digit(of: high, place) : 9)
            let first: UInt8 = place == 0 && whole > 1 ? 1 : 0
            for value in max(least, first)..<max(most + 1, least, first) {
                let rest = node(
                    at: place + 1, isLow: isLow && value == least, isHigh: isHigh && value == most, in: &grammar)
                let digit = GrammarNode.literal(String(value))
                parts.append(.sequence([place == whole ? .literal(".") : .empty, digit, rest]))
            }
        }
        let node = grammar.add("number", .choice(parts))
        rules[key] = node
        return node
    }

    /// Whether a number may end before `place`: what the bounds have from there on is compared with nothing.
    private func canEnd(at place: Int, isLow: Bool, isHigh: Bool) -> Bool {
        if isLow, let low {
            let isEqual = remainder(of: low, place).allSatisfy { $0 == 0 }
            guard isEqual, !low.isExclusive else { return false }
        }
        if isHigh, let high, high.isExclusive {
            guard remainder(of: high, place).contains(where: { $0 != 0 }) else { return false }
        }
        return true
    }

    private func digit(of bound: NumberBound?, _ place: Int) -> UInt8 {
        guard let digits = bound?.digits else { return 0 }
        if place < whole { return digits.whole[place] }
        return digits.fraction.indices.contains(place - whole) ? digits.fraction[place - whole] : 0
    }

    private func remainder(of bound: NumberBound, _ place: Int) -> ArraySlice<UInt8> {
        bound.digits.fraction.dropFirst(place - whole)
    }
}
