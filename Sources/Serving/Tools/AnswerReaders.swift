import Synchronization

/// The readers of a stream's choices, each with what it holds back.
final class AnswerReaders: Sendable {
    private struct State {
        var reader: AnswerReader
        var callCount = 0
    }

    private let reading: ChatReading
    private let states = Mutex<[Int: State]>([:])

    init(_ reading: ChatReading) { self.reading = reading }

    /// What more text of a choice gives; with nil, what its end gives.
    func delta(_ text: String?, choice: Int) -> ChatDelta {
        states.withLock { states in
            var state = states[choice] ?? State(reader: reading.reader())
            defer { states[choice] = state }
            let pieces = text.map { state.reader.append($0) } ?? state.reader.finish()
            return ChatDelta(pieces, callCount: &state.callCount)
        }
    }

    /// Whether a choice has called a tool.
    func hasCalled(choice: Int) -> Bool { states.withLock { $0[choice]?.callCount ?? 0 > 0 } }

    /// A whole answer.
    func whole(_ text: String) -> ChatDelta {
        var reader = reading.reader()
        var count = 0
        return ChatDelta(reader.append(text) + reader.finish(), callCount: &count)
    }
}
