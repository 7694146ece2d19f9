/// A regular expression that finds the answer in a longer text.
package struct AnswerPattern: Sendable, Equatable {
    private let source: String

    /// Returns nil if `source` is no regular expression.
    package init?(_ source: String) {
        guard (try? Regex(source)) != nil else { return nil }
        self.source = source
    }

    /// What the first group matches, or all of the expression if it has none, where it matches last; nil where it does not.
    package func answer(in text: String) -> String? {
        guard let match = (try? Regex(source)).flatMap({ text.matches(of: $0).last }) else { return nil }
        return (match.output.count > 1 ? match.output[1].substring : match.output[0].substring).map(String.init)
    }
}
