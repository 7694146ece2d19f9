/// An answer that a thought precedes: `<think>`, the thought, `</think>`, the text. The opening may be missing, where the
/// template's generation prompt has written it.
struct ThinkingAnswer: Equatable {
    let reasoning: String
    let text: String

    /// Nil for an answer without a finished thought.
    init?(_ answer: String) {
        let scalars = Array(answer.unicodeScalars)
        let ends = scalars.ranges(of: Array("</think>".unicodeScalars))
        guard let first = ends.first, let last = ends.last else { return nil }
        let start = scalars[..<first.lowerBound].ranges(of: Array("<think>".unicodeScalars)).last?.upperBound ?? 0
        let thought = scalars[start..<first.lowerBound].drop { $0 == "\n" }
        let length = thought.lastIndex { $0 != "\n" }.map { $0 + 1 - thought.startIndex } ?? 0
        reasoning = String(String.UnicodeScalarView(thought.prefix(length)))
        text = String(String.UnicodeScalarView(scalars[last.upperBound...].drop { $0 == "\n" }))
    }
}
