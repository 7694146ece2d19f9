/// Drafts tokens from the text itself, prompt included: those after the last occurrence of its longest repeated suffix (prompt lookup).
package struct TextDrafter {
    /// Shorter suffixes occur by chance.
    private static let shortestMatch = 2
    /// Drafts after a suffix of the shortest length: often it occurred by chance too.
    private static let fewDrafts = 2
    /// Longer suffixes are not told apart.
    private static let longestMatch = 12

    /// Drafts up to `counts[n]` tokens after the last token of sequence n.
    func draft(_ sequences: [TokenSequence], counts: [Int]) {
        for (sequence, count) in zip(sequences, counts) where count > 0 {
            sequence.beginDrafts()
            for token in Self.continuation(of: sequence.tokens, count: count) {
                let before = sequence.drafts.count
                sequence.drafts.append(DraftedToken(token))
                // A constraint forbids it, and what followed it.
                if sequence.drafts.count == before { break }
            }
        }
    }

    /// The `count` tokens that followed the last occurrence of the longest suffix of `text`; empty if none occurred before.
    package static func continuation(of text: [Int], count: Int) -> [Int] {
        var (longest, end) = (shortestMatch - 1, 0)
        text.withUnsafeBufferPointer { text in
            guard let last = text.last else { return }
            for candidate in stride(from: text.count - 1, to: 0, by: -1) where text[candidate - 1] == last {
                var length = 1
                while length < min(candidate, longestMatch),
                    text[candidate - 1 - length] == text[text.count - 1 - length]
                {
                    length += 1
                }
                if length > longest { (longest, end) = (length, candidate) }
                if longest == longestMatch { return }
            }
        }
        guard end > 0 else { return [] }
        let count = longest == shortestMatch ? min(count, fewDrafts) : count
        // A suffix that overlaps its own end repeats.
        var drafts: [Int] = []
        for index in end..<end + count { drafts.append(index < text.count ? text[index] : drafts[index - text.count]) }
        return drafts
    }
}
