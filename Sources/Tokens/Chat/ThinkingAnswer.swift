/// An answer preceded by reasoning: `<think>`, reasoning, `</think>`, text. The `<think>` may be missing if the
/// template's generation prompt ends with it.
struct ThinkingAnswer: Equatable {
    let reasoning: String
    let text: String

    /// Returns nil if the answer has no finished reasoning.
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
