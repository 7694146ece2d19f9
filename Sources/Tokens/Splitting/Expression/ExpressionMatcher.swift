/// A backtracking matcher with the precedence of Perl and Oniguruma. Reads bytes up to `end`.
struct ExpressionMatcher {
    let bytes: UnsafeBufferPointer<UInt8>
    let end: Int
    private let program: [Expression.Instruction]

    private struct State: Hashable {
        var instruction: Int
        var index: Int
    }

    /// Steps before visited states are recorded. From then on no state is tried twice, so a match takes at most
    /// instructions × characters steps.
    private static let stepsWithoutMemory = 2048

    init(_ expression: Expression, bytes: UnsafeBufferPointer<UInt8>, end: Int) {
        self.bytes = bytes
        self.end = end
        program = expression.program
    }

    /// The end of the match that starts at `start`, or nil if there is none.
    func endOfMatch(from start: Int) -> Int? { run(from: 0, at: start) }

    private func run(from instruction: Int, at start: Int) -> Int? {
        var alternatives: [State] = []
        var seen: Set<State> = []
        var steps = 0
        var state = State(instruction: instruction, index: start)
        while true {
            steps += 1
            let isNew = steps < Self.stepsWithoutMemory || seen.insert(state).inserted
            if isNew, case .match = program[state.instruction] { return state.index }
            if isNew, let next = step(state, &alternatives) {
                state = next
            } else if let other = alternatives.popLast() {
                state = other
            } else {
                return nil
            }
        }
    }

    /// The next state, or nil on failure. A split pushes its second branch onto `alternatives`.
    private func step(_ state: State, _ alternatives: inout [State]) -> State? {
        switch program[state.instruction] {
        case .take(let set):
            guard state.index < end else { return nil }
            let (value, next) = bytes.scalar(at: state.index)
            return set.contains(value) ? State(instruction: state.instruction + 1, index: next) : nil
        case .split(let first, let second):
            alternatives.append(State(instruction: second, index: state.index))
            return State(instruction: first, index: state.index)
        case .jump(let target): return State(instruction: target, index: state.index)
        case .lookAhead(let isNegated, let next):
            let isThere = run(from: state.instruction + 1, at: state.index) != nil
            return isThere != isNegated ? State(instruction: next, index: state.index) : nil
        case .atomic(let next):
            return run(from: state.instruction + 1, at: state.index).map { State(instruction: next, index: $0) }
        case .lineEnd:
            guard state.index == end || bytes[state.index] == 0x0A else { return nil }
            return State(instruction: state.instruction + 1, index: state.index)
        case .match: return nil
        }
    }
}
