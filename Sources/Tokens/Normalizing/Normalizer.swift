import Foundation

/// What is done to a text before it is cut.
enum Normalizer: Sendable {
    case none
    /// Unicode's composed form.
    case nfc

    /// The normalised text, or nil where it is the same.
    func normalized(_ text: some Collection<UInt8>) -> [UInt8]? {
        // No character below U+0300 changes or combines, and 0xCC starts the first one from there on.
        guard case .nfc = self, text.contains(where: { $0 >= 0xCC }) else { return nil }
        let decomposed = String(decoding: text, as: UTF8.self).decomposedStringWithCanonicalMapping
        return Array(HangulComposition.composed(decomposed).utf8)
    }
}
