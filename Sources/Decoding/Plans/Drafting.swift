/// How a plan drafts tokens, which the head verifies in one pass.
public struct Drafting: Sendable, Equatable {
    /// Maximum number of drafts per verification.
    public let count: Int

    /// The trunk drafts, with the final norm and `lm_head`.
    public init(count: Int) { self.count = count }
}
