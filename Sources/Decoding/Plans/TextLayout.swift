/// The prompt, the tokens and the cycles of a text so far: a plan's input at a position depends on them.
public struct TextLayout: Sendable, Equatable {
    /// The number of first positions that are the prompt.
    public let promptCount: Int
    /// The number of tokens so far.
    public let tokenCount: Int
    /// Recorded positions after the prompt whose token began a cycle, ascending. Empty unless the plan has a `cycleEnd`.
    public let cycleStarts: [Int]

    public init(promptCount: Int, tokenCount: Int, cycleStarts: [Int] = []) {
        self.promptCount = promptCount
        self.tokenCount = tokenCount
        self.cycleStarts = cycleStarts
    }

    /// The last recorded cycle beginning at or before `position`.
    func cycleStart(of position: Int) -> Int? { cycleStarts.last { $0 <= position } }
}
