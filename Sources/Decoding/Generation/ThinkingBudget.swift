import Tokens

/// Ends a model's reasoning after a number of tokens, by writing `</think>` in its place.
struct ThinkingBudget {
    private enum Phase {
        /// Nothing but white space and a part of `<think>` so far.
        case before
        case inside
        case after
    }

    private static let opening = "<think>"
    private static let closing = "</think>"

    private let limit: Int
    private let tokenizer: Tokenizer
    private let end: [Int]
    private var phase: Phase
    /// Tokens of reasoning so far.
    private var count = 0
    /// The last characters of the text.
    private var tail = ""
    /// Tokens that must come next.
    private var forced: [Int] = []

    /// - Parameters:
    ///   - limit: tokens of reasoning, at least 1.
    ///   - prompt: its end tells whether the answer begins within reasoning.
    init(limit: Int, prompt: [Int], tokenizer: Tokenizer) {
        (self.limit, self.tokenizer) = (limit, tokenizer)
        end = tokenizer.encode("\n\(Self.closing)\n\n", addSpecial: false)
        let last = tokenizer.decode(Array(prompt.suffix(32)), skipSpecial: false)
        let isOpen = last.drop(fromEnd: \.isWhitespace).hasSuffix(Self.opening)
        phase = isOpen ? .inside : .before
    }

    /// The token that must come next; nil if the model chooses.
    var nextToken: Int? { forced.first }

    /// Takes note of a token of the answer.
    mutating func observe(_ token: Int) {
        if forced.first == token {
            forced.removeFirst()
            return
        }
        guard phase != .after else { return }
        tail += tokenizer.decode([token], skipSpecial: false)
        if phase == .before {
            let text = tail.drop(while: \.isWhitespace)
            guard text.hasPrefix(Self.opening) else {
                if !Self.opening.hasPrefix(text) { phase = .after }
                return
            }
            phase = .inside
            tail = String(text.dropFirst(Self.opening.count))
            return
        }
        count += 1
        if tail.contains(Self.closing) {
            phase = .after
        } else if count >= limit {
            phase = .after
            forced = end
        }
        tail = String(tail.suffix(Self.closing.count - 1))
    }
}

extension String {
    fileprivate func drop(fromEnd isDropped: (Character) -> Bool) -> Substring {
        var rest = self[...]
        while let last = rest.last, isDropped(last) { rest.removeLast() }
        return rest
    }
}
