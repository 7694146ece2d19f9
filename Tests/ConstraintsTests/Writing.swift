import Constraints
import TestSupport
import Testing

/// A vocabulary of all bytes, and of strings that cross the borders of JSON's parts.
enum TestVocabulary {
    static let strings: [[UInt8]?] =
        (0...255).map { [UInt8($0)] }
        + [
            "\":", "\", \"", "\"}", "{\"", "[[", "]]", "},", "null", "tru", "12", "0.", "  ", "\n  ", "ab", "é", "日本",
            "\\u00", "a\"",
        ]
        .map { Array($0.utf8) } + [nil, [], [0xE6, 0x97], [0xA5, 0x22]]
    static let trie = TokenTrie(strings)
}

extension Constraint {
    func bound() throws -> TokenConstraint { try TokenConstraint(self, TestVocabulary.trie) }

    /// Whether `text` is complete and allowed, byte by byte; and then also by the longest tokens of the vocabulary.
    func accepts(_ text: String) throws -> Bool {
        let constraint = try bound()
        let bytes = Array(text.utf8)
        let byBytes = try constraint.accepts(bytes.map { Int($0) })
        #expect(try constraint.accepts(longestTokens(bytes)) == byBytes)
        return byBytes
    }
}

extension TokenConstraint {
    /// Whether the tokens are allowed, both by their bytes and by the masks, and make a whole text.
    func accepts(_ tokens: [Int]) throws -> Bool {
        var state = start
        for token in tokens {
            let next = try next(state, token)
            #expect(try mask(state).contains(token) == (next != nil))
            guard let next else { return false }
            state = next
        }
        return accepts(state)
    }

    /// A random text: tokens of the mask at random, and the way out once it is long.
    func randomText(_ random: inout SeededGenerator, length: Int = 60) throws -> [UInt8]? {
        var state = start
        var text: [UInt8] = []
        let ways = ["\"", "}", "]", "0", "1", "4", "5"].map { Int($0.utf8.first ?? 0) }
        for step in 0..<20 * length {
            if accepts(state), isFinal(state) || step > length || Int.random(in: 0..<8, using: &random) == 0 {
                return text
            }
            var allowed: [Int] = []
            try mask(state).forEach(below: TestVocabulary.strings.count) { allowed.append($0) }
            // There is always a way on.
            guard let some = allowed.randomElement(using: &random) else { return nil }
            let isLate = step > length || Int.random(in: 0..<3, using: &random) == 0
            let token = (isLate ? ways.filter(allowed.contains).randomElement(using: &random) : nil) ?? some
            text += TestVocabulary.strings[token] ?? []
            state = try next(state, token) ?? state
        }
        return nil
    }
}

private func longestTokens(_ bytes: [UInt8]) -> [Int] {
    var tokens: [Int] = []
    var rest = bytes[...]
    while !rest.isEmpty {
        let best = TestVocabulary.strings.indices.filter {
            let string = TestVocabulary.strings[$0] ?? []
            return !string.isEmpty && rest.starts(with: string)
        }.max { TestVocabulary.strings[$0]?.count ?? 0 < TestVocabulary.strings[$1]?.count ?? 0 }
        guard let best else { return [] }
        tokens.append(best)
        rest = rest.dropFirst(TestVocabulary.strings[best]?.count ?? 1)
    }
    return tokens
}
