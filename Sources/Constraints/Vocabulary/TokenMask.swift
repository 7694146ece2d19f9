/// The tokens that may come next, one bit each.
package final class TokenMask: Sendable {
    /// Bit t % 64 of word t / 64 is token t.
    package let words: [UInt64]
    /// The number of allowed tokens.
    package let count: Int

    init(words: [UInt64]) {
        self.words = words
        count = words.reduce(0) { $0 + $1.nonzeroBitCount }
    }

    var byteCount: Int { words.count * 8 }

    package func contains(_ token: Int) -> Bool {
        token >> 6 < words.count && words[token >> 6] >> UInt64(token & 63) & 1 != 0
    }

    /// Calls `body` with each allowed token below `limit`, in order.
    package func forEach(below limit: Int, _ body: (Int) -> Void) {
        for (index, word) in words.enumerated() where word != 0 {
            var rest = word
            while rest != 0 {
                let token = index << 6 + rest.trailingZeroBitCount
                guard token < limit else { return }
                body(token)
                rest &= rest - 1
            }
        }
    }
}
