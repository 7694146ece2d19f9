import Tensors

/// How long the parts of passes took.
package final class PassProfile {
    package enum Part: String, CaseIterable, Sendable {
        case trunk
        case head
        case vocabularyHead = "lm_head"
        /// Of trunk and head together, which hold it.
        case attention
    }

    package private(set) var seconds: [Part: Double] = [:]
    /// Rows of `lm_head` that were computed exactly, each time that it was screened.
    package private(set) var exactRows: [Int] = []

    package init() {}

    func add(_ duration: Duration, to part: Part) {
        seconds[part, default: 0] += duration.seconds
    }

    func addScreened(exactCount: Int) { exactRows.append(exactCount) }
}
