import Foundation
import JSON
import TestSupport
import Testing
import Tokens

/// NFC, tested through a tokenizer: decoding its ids gives the normalised text.
@Suite struct NormalizerTests {
    private let tokenizer: Tokenizer

    init() throws { tokenizer = try TokenizerGolden("qwen2-style").tokenizer }

    private func normalized(_ scalars: [UInt32]) -> [UInt32] {
        let text = String(String.UnicodeScalarView(scalars.compactMap(Unicode.Scalar.init)))
        return tokenizer.decode(tokenizer.encode(text, addSpecial: false), skipSpecial: false).unicodeScalars.map(
            \.value)
    }

    @Test(
        "jamo just outside the composing ranges stay unchanged",
        arguments: [
            [0x1113, 0x1161], [0x1100, 0x1176], [0x110A, 0x1176], [0xAC00, 0x11A7], [0xAC00, 0x11C3],
            [0x10FF, 0x1161], [0x1100, 0x1160], [0x1100], [0x1161], [0x11A8], [0xAC01, 0x11A8],
        ] as [[UInt32]])
    func ends(_ scalars: [UInt32]) {
        #expect(normalized(scalars) == scalars)
    }

    @Test("a syllable composes without a neighbour that does not belong to it")
    func partly() {
        #expect(normalized([0x1100, 0x1161, 0x11A7]) == [0xAC00, 0x11A7])
        #expect(normalized([0x1112, 0x1175, 0x11C2]) == [0xD7A3])
        #expect(normalized([0xAC00, 0x11A8]) == [0xAC01])
        #expect(normalized([0x1100, 0x0301, 0x1161]) == [0x1100, 0x0301, 0x1161])
    }

    @Test("Hangul composes by the standard's algorithm in any context")
    func algorithm() {
        var random = SeededGenerator(seed: 0x4E46_43)
        let jamo =
            (0x10FE...0x1114).map(UInt32.init) + (0x115F...0x1178) + (0x11A6...0x11C5) + [0xAC00, 0xAC1B, 0xD788]
        for _ in 0..<20_000 {
            let scalars = (0..<Int.random(in: 1...6, using: &random)).compactMap { _ in
                (jamo + [0x20, 0x61, 0x0301]).randomElement(using: &random)
            }
            // Here a letter composes with its accent, which the reference below does not handle.
            guard !zip(scalars, scalars.dropFirst()).contains(where: { $0 == (0x61, 0x0301) }) else { continue }
            #expect(normalized(scalars) == composed(scalars), "\(scalars.map { String($0, radix: 16) })")
        }
    }

    /// Reference composition by Unicode 16, section 3.12.3, for text in which only Hangul composes.
    private func composed(_ scalars: [UInt32]) -> [UInt32] {
        let (sBase, lBase, vBase, tBase): (UInt32, UInt32, UInt32, UInt32) = (0xAC00, 0x1100, 0x1161, 0x11A7)
        var result: [UInt32] = []
        for scalar in scalars {
            let last = result.last ?? 0
            if last >= lBase, last < lBase + 19, scalar >= vBase, scalar < vBase + 21 {
                result[result.count - 1] = sBase + ((last - lBase) * 21 + scalar - vBase) * 28
            } else if last >= sBase, last < sBase + 11172, (last - sBase) % 28 == 0, scalar > tBase, scalar < tBase + 28
            {
                result[result.count - 1] = last + scalar - tBase
            } else {
                result.append(scalar)
            }
        }
        return result
    }
}
