/// What a plan's inputs depend on beside the position: the prompt, the tokens so far, and the cycles that the text has begun.
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
