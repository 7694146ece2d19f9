/// How an answer is compared with the reference.
package enum AnswerMetric: String, Sendable, CaseIterable {
    /// Both texts are equal, apart from white space around them.
    case exact
    /// The answer begins with the reference.
    case prefix
    /// The answer contains the reference.
    case contains
    /// The last number of both is equal, however it is written (1,234 = 1234.0).
    case number
    /// No answer is generated; only the loss on the reference counts. For questions with many right answers.
    case loss

    /// Whether `answer` is right; always false for `loss`.
    ///
    /// - Parameter pattern: finds the answer in the text. A text that does not match has no answer. A reference that does not
    ///   match is the answer itself.
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
    /// The last number in decimal notation, read without the commas between its digits.
    fileprivate var lastNumber: Double? {
        matches(of: #/-?[0-9][0-9,]*(?:\.[0-9]+)?/#).last.flatMap { Double($0.output.filter { $0 != "," }) }
    }
}
