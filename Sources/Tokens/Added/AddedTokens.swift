/// The added tokens of a tokenizer. Matches are leftmost, then longest, as in Hugging Face tokenizers.
struct AddedTokens: Sendable {
    let tokens: [AddedToken]
    /// The tokens matched before and after normalisation. Values are indices in `tokens`.
    private let raw: ByteTrie
    private let normalized: ByteTrie
    /// Ids that decoding can skip.
    let specialIDs: Set<Int>

    init(_ tokens: [AddedToken], normalizer: Normalizer) {
        self.tokens = tokens
        specialIDs = Set(tokens.filter(\.isSpecial).map(\.id))
        var raw = ByteTrie()
        var normalized = ByteTrie()
        // A token that is not UTF-8 could match in the middle of a character and split it.
        for (index, token) in tokens.enumerated() where String(validating: token.content, as: UTF8.self) != nil {
            if token.isNormalized {
                normalized.insert(normalizer.normalized(token.content) ?? token.content, value: index)
            } else {
                raw.insert(token.content, value: index)
            }
        }
        self.raw = raw
        self.normalized = normalized
    }

    /// Splits a text before normalisation.
    func partsOfRaw(_ text: UnsafeBufferPointer<UInt8>, parseSpecial: Bool) -> [TextPart] {
        parts(of: text, by: raw, parseSpecial: parseSpecial)
    }

    /// Splits a normalised text.
    func partsOfNormalized(_ text: UnsafeBufferPointer<UInt8>, parseSpecial: Bool) -> [TextPart] {
        parts(of: text, by: normalized, parseSpecial: parseSpecial)
    }

    private func parts(of text: UnsafeBufferPointer<UInt8>, by trie: ByteTrie, parseSpecial: Bool) -> [TextPart] {
        guard !trie.isEmpty else { return text.isEmpty ? [] : [.text(0..<text.count)] }
        var parts: [TextPart] = []
        var textStart = 0
        var index = 0
        while index < text.count {
            guard let match = trie.longestMatch(in: text, from: index) else {
                index += 1
                continue
            }
            let found = index..<match.end
            index = match.end
            let token = tokens[match.value]
            guard parseSpecial || !token.isSpecial, !token.isSingleWord || text.isWord(found) else { continue }
            let start =
                token.stripsLeft ? max(text.startOfSpaces(endingAt: found.lowerBound), textStart) : found.lowerBound
            if textStart < start { parts.append(.text(textStart..<start)) }
            parts.append(.token(token.id))
            textStart = token.stripsRight ? text.endOfSpaces(from: found.upperBound) : found.upperBound
        }
        if textStart < text.count { parts.append(.text(textStart..<text.count)) }
        return parts
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether no word character is next to `range`.
    fileprivate func isWord(_ range: Range<Int>) -> Bool {
        if range.lowerBound > 0, isWordCharacter(character(at: startOfCharacter(before: range.lowerBound)).value) {
            return false
        }
        return range.upperBound == count || !isWordCharacter(character(at: range.upperBound).value)
    }

    /// `\w` as in Unicode's regular expressions (UTS 18, annex C).
    private func isWordCharacter(_ value: UInt32) -> Bool {
        guard let properties = Unicode.Scalar(value)?.properties else { return false }
        if properties.isAlphabetic || properties.isJoinControl { return true }
        return switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: true
        default: false
        }
    }

    fileprivate func startOfSpaces(endingAt end: Int) -> Int {
        var start = end
        while start > 0 {
            let previous = startOfCharacter(before: start)
            guard character(at: previous).kind == .space else { break }
            start = previous
        }
        return start
    }

    fileprivate func endOfSpaces(from start: Int) -> Int {
        var end = start
        while end < count {
            let next = character(at: end)
            guard next.kind == .space else { break }
            end = next.end
        }
        return end
    }

    private func startOfCharacter(before index: Int) -> Int {
        var start = index - 1
        while start > 0, self[start] & 0xC0 == 0x80 { start -= 1 }
        return start
    }
}
