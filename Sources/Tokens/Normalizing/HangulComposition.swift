import Foundation

/// Composes decomposed text: Hangul by the algorithm of the Unicode Standard (section 3.12), the rest by Foundation.
///
/// Foundation's own composition of Hangul takes the ranges of leading, vowel and trailing consonants each one too wide: it
/// makes an unassigned character of U+1113 U+1161 and drops U+11A7. The parts can be composed apart, because conjoining
/// jamo compose with nothing else, and only with their neighbours.
enum HangulComposition {
    private static let leading: ClosedRange<UInt32> = 0x1100...0x1112
    private static let vowels: ClosedRange<UInt32> = 0x1161...0x1175
    private static let trailing: ClosedRange<UInt32> = 0x11A8...0x11C2
    private static let syllableBase: UInt32 = 0xAC00
    private static let trailingCount: UInt32 = 28

    /// The composed form of a text in Unicode's decomposed form.
    static func composed(_ decomposed: String) -> String {
        var result = String.UnicodeScalarView()
        var other = String.UnicodeScalarView()
        var syllable: UInt32?
        func flushOther() {
            guard !other.isEmpty else { return }
            result.append(contentsOf: String(other).precomposedStringWithCanonicalMapping.unicodeScalars)
            other.removeAll(keepingCapacity: true)
        }
        func flushSyllable() {
            if let scalar = syllable.flatMap(Unicode.Scalar.init) { result.append(scalar) }
            syllable = nil
        }
        for scalar in decomposed.unicodeScalars {
            guard (0x1100...0x11FF).contains(scalar.value) else {
                flushSyllable()
                other.append(scalar)
                continue
            }
            flushOther()
            if let composed = syllable.flatMap({ pair($0, scalar.value) }) {
                syllable = composed
            } else {
                flushSyllable()
                syllable = scalar.value
            }
        }
        flushSyllable()
        flushOther()
        return String(result)
    }

    /// What two neighbours compose to: a leading consonant with a vowel, or such a syllable with a trailing consonant.
    private static func pair(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if leading.contains(first), vowels.contains(second) {
            let index = (first - leading.lowerBound) * UInt32(vowels.count) + (second - vowels.lowerBound)
            return syllableBase + index * trailingCount
        }
        let isOpen = first >= syllableBase && (first - syllableBase) % trailingCount == 0
        return isOpen && trailing.contains(second) ? first + second - trailing.lowerBound + 1 : nil
    }
}
