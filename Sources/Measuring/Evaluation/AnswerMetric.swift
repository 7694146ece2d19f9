/// How an answer is held against the reference.
package enum AnswerMetric: String, Sendable, CaseIterable {
    /// The same text, but for white space around it.
    case exact
    /// The answer begins with the reference.
    case prefix
    /// The reference is somewhere in the answer.
    case contains
    /// The last number of both is the same, however it is written (1,234 = 1234.0).
    case number
    /// Many answers are right: nothing is generated, only the loss on the reference counts.
    case loss

    /// Whether `answer` is right; for `loss` nothing is.
    /// - Parameter pattern: where the answer stands in a text; a text without it holds none. A reference may be the bare
    ///   answer.
    package func accepts(_ answer: String, reference: String, pattern: AnswerPattern? = nil) -> Bool {
        guard let found = pattern.map({ $0.answer(in: answer) }) ?? answer else { return false }
        return accepts(found.trimmed, (pattern?.answer(in: reference) ?? reference).trimmed)
    }

    private func accepts(_ answer: Substring, _ reference: Substring) -> Bool {
        switch self {
        case .exact: return answer == reference
        case .prefix: return answer.hasPrefix(reference)
        case .contains: return answer.contains(reference)
        case .number:
            guard let expected = reference.lastNumber else { return false }
            return answer.lastNumber == expected
        case .loss: return false
        }
    }
}

extension String {
    fileprivate var trimmed: Substring {
        var text = self[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        return text.drop(while: \.isWhitespace)
    }
}

extension Substring {
    /// The last number in decimal notation, commas between its digits left out.
    fileprivate var lastNumber: Double? {
        matches(of: #/-?[0-9][0-9,]*(?:\.[0-9]+)?/#).last.flatMap { Double($0.output.filter { $0 != "," }) }
    }
}
