/// A set of Unicode scalars, as described by a character class.
struct ScalarSet: Sendable, Equatable {
    enum Member: Sendable, Equatable {
        case range(ClosedRange<UInt32>)
        /// General categories; with `isNegated`, all others.
        case categories(CategoryMask, isNegated: Bool)
        /// White_Space; with `isNegated`, all others.
        case space(isNegated: Bool)
    }

    let members: [Member]
    let isNegated: Bool
    /// One bit per ASCII scalar, so that most characters take a single test.
    private let ascii: (low: UInt64, high: UInt64)

    init(_ members: [Member], isNegated: Bool = false) {
        self.members = members
        self.isNegated = isNegated
        var bits: [UInt64] = [0, 0]
        for value in UInt32(0)..<128 where Self.isMember(value, of: members) != isNegated {
            bits[Int(value >> 6)] |= 1 << UInt64(value & 63)
        }
        ascii = (bits[0], bits[1])
    }

    func contains(_ value: UInt32) -> Bool {
        if value < 64 { return ascii.low >> UInt64(value) & 1 != 0 }
        if value < 128 { return ascii.high >> UInt64(value - 64) & 1 != 0 }
        return Self.isMember(value, of: members) != isNegated
    }

    private static func isMember(_ value: UInt32, of members: [Member]) -> Bool {
        let properties = Unicode.Scalar(value)?.properties
        return members.contains { member in
            switch member {
            case .range(let range): range.contains(value)
            case .categories(let mask, let isNegated):
                (properties.map { mask.contains(CategoryMask($0.generalCategory)) } ?? false) != isNegated
            case .space(let isNegated): (properties?.isWhitespace ?? false) != isNegated
            }
        }
    }

    static func == (left: ScalarSet, right: ScalarSet) -> Bool {
        left.members == right.members && left.isNegated == right.isNegated
    }
}

/// A set of Unicode's general categories.
struct CategoryMask: OptionSet, Sendable {
    let rawValue: UInt32

    init(rawValue: UInt32) { self.rawValue = rawValue }

    init(_ category: Unicode.GeneralCategory) {
        self.init(rawValue: 1 << UInt32(Self.all.firstIndex { $0.category == category } ?? 31))
    }

    /// The mask of `\p{name}`: one category (`Lu`), or all that start with the letter (`L`). nil for other names.
    init?(name: String) {
        let matching = Self.all.filter { $0.name == name || (name.utf8.count == 1 && $0.name.hasPrefix(name)) }
        guard !matching.isEmpty else { return nil }
        self = matching.reduce(into: CategoryMask(rawValue: 0)) { $0.insert(CategoryMask($1.category)) }
    }

    private static let all: [(name: String, category: Unicode.GeneralCategory)] = [
        ("Lu", .uppercaseLetter), ("Ll", .lowercaseLetter), ("Lt", .titlecaseLetter), ("Lm", .modifierLetter),
        ("Lo", .otherLetter), ("Mn", .nonspacingMark), ("Mc", .spacingMark), ("Me", .enclosingMark),
        ("Nd", .decimalNumber), ("Nl", .letterNumber), ("No", .otherNumber), ("Pc", .connectorPunctuation),
        ("Pd", .dashPunctuation), ("Ps", .openPunctuation), ("Pe", .closePunctuation), ("Pi", .initialPunctuation),
        ("Pf", .finalPunctuation), ("Po", .otherPunctuation), ("Sm", .mathSymbol), ("Sc", .currencySymbol),
        ("Sk", .modifierSymbol), ("So", .otherSymbol), ("Zs", .spaceSeparator), ("Zl", .lineSeparator),
        ("Zp", .paragraphSeparator), ("Cc", .control), ("Cf", .format), ("Co", .privateUse), ("Cs", .surrogate),
        ("Cn", .unassigned),
    ]
}
