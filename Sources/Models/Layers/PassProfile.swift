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
    /// The experts that the rows of passes through sparse layers chose, in the order of the passes.
    package private(set) var expertPasses: [ExpertPass] = []

    package init() {}

    /// A pass through one sparse layer.
    package struct ExpertPass: Sendable {
        /// Identifies the layer.
        package let experts: ObjectIdentifier
        /// The experts of each row, ascending.
        package let chosen: [[Int]]

        /// The number of experts that the pass read.
        package var unionCount: Int { Set(chosen.joined()).count }
    }

    func add(_ duration: Duration, to part: Part) {
        seconds[part, default: 0] += duration.seconds
    }

    func addExperts(_ pass: ExpertPass) { expertPasses.append(pass) }

    func addScreened(exactCount: Int) { exactRows.append(exactCount) }
}
