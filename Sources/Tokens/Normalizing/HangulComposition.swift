import Foundation

/// Composes decomposed text: Hangul by the Unicode Standard's algorithm (section 3.12), the rest by Foundation.
///
/// Foundation's composition of Hangul extends the ranges of leading, vowel and trailing consonants by one each: it
/// composes U+1113 U+1161 to an unassigned character and drops U+11A7. Composing Hangul separately is safe, because
/// conjoining jamo compose only with neighbouring jamo.
enum HangulComposition {
    private static let leading: ClosedRange<UInt32> = 0x1100...0x1112
    private static let vowels: ClosedRange<UInt32> = 0x1161...0x1175
    private static let trailing: ClosedRange<UInt32> = 0x11A8...0x11C2
    private static let syllableBase: UInt32 = 0xAC00
    private static let trailingCount: UInt32 = 28

    /// Composes a text that is in canonical decomposition.
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

    /// The composition of two neighbours: leading consonant and vowel, or such a syllable and trailing consonant.
    private static func pair(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if leading.contains(first), vowels.contains(second) {
            let index = (first - leading.lowerBound) * UInt32(vowels.count) + (second - vowels.lowerBound)
            return syllableBase + index * trailingCount
        }
        let isOpen = first >= syllableBase && (first - syllableBase) % trailingCount == 0
        return isOpen && trailing.contains(second) ? first + second - trailing.lowerBound + 1 : nil
    }
}
