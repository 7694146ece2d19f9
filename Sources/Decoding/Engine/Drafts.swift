import Tensors

/// Tokens drafted after the sequence's last token, and the whole model's logits after each of them.
struct Drafts {
    /// Position of the token before the first draft.
    private(set) var firstPosition = 0
    private(set) var tokens: [Int] = []
    private var logits = AlignedBuffer<Float>(count: 0)

    /// Starts over after the token at `position`, with room for the logits of `count` drafts and of that token.
    mutating func begin(at position: Int, count: Int, vocabularySize: Int) {
        firstPosition = position
        tokens.removeAll(keepingCapacity: true)
        tokens.reserveCapacity(count)
        let needed = (count + 1) * vocabularySize
        if logits.count < needed { logits = AlignedBuffer(count: needed) }
    }

    mutating func append(_ token: Int) { tokens.append(token) }

    mutating func removeAll() { tokens.removeAll(keepingCapacity: true) }

    /// The draft at `position`; nil if there is none.
    func token(at position: Int) -> Int? {
        let index = position - firstPosition - 1
        return tokens.indices.contains(index) ? tokens[index] : nil
    }

    /// [draft + 1, vocabulary]; the first row holds the logits after the token before the drafts.
    func rows() -> UnsafeMutablePointer<Float> { logits.pointer }

    /// Logits after the token at `position`, which is a draft or the token before the first.
    func logits(after position: Int, vocabularySize: Int) -> UnsafePointer<Float> {
        UnsafePointer(logits.pointer + (position - firstPosition) * vocabularySize)
    }
}
