import Tensors

/// Times of the parts of passes.
package final class PassProfile {
    package enum Part: String, CaseIterable, Sendable {
        case trunk
        case head
        case vocabularyHead = "lm_head"
        /// Attention, which is part of the times of trunk and head.
        case attention
    }

    package private(set) var seconds: [Part: Double] = [:]
    /// The number of matrix rows of `lm_head` computed exactly, for each screened pass.
    package private(set) var exactRows: [Int] = []

    package init() {}

    func add(_ duration: Duration, to part: Part) {
        seconds[part, default: 0] += duration.seconds
    }

    func addScreened(exactCount: Int) { exactRows.append(exactCount) }
}
