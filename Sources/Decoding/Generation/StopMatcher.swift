/// Finds the first stop string in text that arrives in pieces. It holds back only text that could still become a stop string.
package struct StopMatcher {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []

    /// - Precondition: no stop string is empty.
    package init(_ stops: [String]) {
        precondition(!stops.contains(""), "a stop string is empty")
        self.stops = stops.map { Array($0.utf8) }
    }

    /// Takes a piece of text. Returns the text before any possible stop string, and whether a stop string was found.
    package mutating func append(_ piece: String) -> (text: String, isStopped: Bool) {
        guard !stops.isEmpty else { return (piece, false) }
        held += piece.utf8
        for start in held.indices where stops.contains(where: { held[start...].starts(with: $0) }) {
            defer { held.removeAll() }
            return (String(decoding: held[..<start], as: UTF8.self), true)
        }
        let start = held.indices.first { start in stops.contains { $0.starts(with: held[start...]) } }
        let safe = start ?? held.count
        defer { held.removeFirst(safe) }
        return (String(decoding: held[..<safe], as: UTF8.self), false)
    }

    /// The text held back, once no more text comes.
    package mutating func flush() -> String {
        defer { held.removeAll() }
        return String(decoding: held, as: UTF8.self)
    }
}
