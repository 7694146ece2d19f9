/// The position from which the cycles of multi-token decoding are counted.
public enum CyclePhase: String, Sendable, Equatable, CaseIterable, Codable {
    /// From the prompt's end: the first generated token begins a cycle.
    case prompt
    /// From position 0: a token begins a cycle where the factor divides its position, in the prompt too.
    case absolute
}
