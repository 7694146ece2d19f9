/// A set of Unicode scalars, as sorted, separate ranges without surrogates.
struct CharacterRanges: Hashable, Sendable {
    let ranges: [ClosedRange<UInt32>]

    static let all = CharacterRanges([0...0x10FFFF])
    static let none = CharacterRanges([])

    /// Ranges in any order; they may overlap and include surrogates.
    init(_ ranges: [ClosedRange<UInt32>]) {
        var merged: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound &+ 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged.flatMap(Self.withoutSurrogates)
    }

    init(_ scalar: UInt32) { self.init([scalar...scalar]) }

    private static func withoutSurrogates(_ range: ClosedRange<UInt32>) -> [ClosedRange<UInt32>] {
        guard range.overlaps(0xD800...0xDFFF) else { return [range] }
        var parts: [ClosedRange<UInt32>] = []
        if range.lowerBound < 0xD800 { parts.append(range.lowerBound...0xD7FF) }
        if range.upperBound > 0xDFFF { parts.append(0xE000...range.upperBound) }
        return parts
    }

    var isEmpty: Bool { ranges.isEmpty }

    /// All scalars that are not in the set.
    var inverted: CharacterRanges {
        var gaps: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { gaps.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= 0x10FFFF { gaps.append(next...0x10FFFF) }
        return CharacterRanges(gaps)
    }

    func union(_ other: CharacterRanges) -> CharacterRanges { CharacterRanges(ranges + other.ranges) }

    func intersection(_ other: CharacterRanges) -> CharacterRanges {
        var common: [ClosedRange<UInt32>] = []
        var (left, right) = (0, 0)
        while left < ranges.count, right < other.ranges.count {
            let (first, second) = (ranges[left], other.ranges[right])
            if first.overlaps(second) { common.append(first.clamped(to: second)) }
            if first.upperBound < second.upperBound { left += 1 } else { right += 1 }
        }
        return CharacterRanges(common)
    }

    func subtracting(_ other: CharacterRanges) -> CharacterRanges { intersection(other.inverted) }

    func contains(_ scalar: UInt32) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound <= scalar
    }
}

extension CharacterRanges {
    /// The scalars of some general categories.
    static func scalars(where isMember: (Unicode.Scalar.Properties) -> Bool) -> CharacterRanges {
        var found: [ClosedRange<UInt32>] = []
        for value in UInt32(0)...0x10FFFF {
            guard let scalar = Unicode.Scalar(value), isMember(scalar.properties) else { continue }
            if let last = found.last, last.upperBound + 1 == value {
                found[found.count - 1] = last.lowerBound...value
            } else {
                found.append(value...value)
            }
        }
        return CharacterRanges(found)
    }

    static let digits = CharacterRanges([0x30...0x39])
    static let words = CharacterRanges([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let spaces = CharacterRanges([0x09...0x0D, 0x20...0x20])

    /// What neither ECMAScript nor Python takes for a digit, a word character or white space: engines differ beyond ASCII.
    static let nonDigits = scalars { $0.generalCategory == .decimalNumber }.inverted
    static let nonWords = scalars { properties in
        if properties.numericType != nil || properties.isAlphabetic { return true }
        return switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber:
            true
        default: false
        }
    }.union(words).inverted
    static let nonSpaces = CharacterRanges([
        0x09...0x0D, 0x1C...0x20, 0x85...0x85, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029,
        0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ]).inverted
}
