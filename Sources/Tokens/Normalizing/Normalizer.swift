import Foundation

/// Unicode normalisation before splitting.
enum Normalizer: Sendable {
    case none
    case nfc

    /// The normalised text, or nil if it is unchanged.
    func normalized(_ text: some Collection<UInt8>) -> [UInt8]? {
        // Characters below U+0300 neither change nor combine; in UTF-8, U+0300 is the first to start with 0xCC.
        guard case .nfc = self, text.contains(where: { $0 >= 0xCC }) else { return nil }
        let decomposed = String(decoding: text, as: UTF8.self).decomposedStringWithCanonicalMapping
        return Array(HangulComposition.composed(decomposed).utf8)
    }
}
