/// A regular expression that finds the answer in a longer text.
package struct AnswerPattern: Sendable, Equatable {
    private let source: String

    /// Nil if `source` is not a regular expression.
    package init?(_ source: String) {
        guard (try? Regex(source)) != nil else { return nil }
        self.source = source
    }

    /// The text of the last match: of its first group, or of the whole expression if it has no group. Nil without a match.
    package func answer(in text: String) -> String? {
        guard let match = (try? Regex(source)).flatMap({ text.matches(of: $0).last }) else { return nil }
        return (match.output.count > 1 ? match.output[1].substring : match.output[0].substring).map(String.init)
    }
}
