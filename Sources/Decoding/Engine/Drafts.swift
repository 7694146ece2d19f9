/// Tokens drafted after the sequence's last token.
struct Drafts {
    /// Position of the token before the first draft.
    private(set) var firstPosition = 0
    private var drafted: [DraftedToken] = []
    /// The number of drafts that were appended to the sequence.
    private(set) var acceptedCount = 0

    /// Starts over after the token at `position`.
    mutating func begin(at position: Int) {
        removeAll()
        firstPosition = position
    }

    mutating func append(_ token: DraftedToken) { drafted.append(token) }

    mutating func removeAll() {
        drafted.removeAll(keepingCapacity: true)
        acceptedCount = 0
    }

    mutating func accept() { acceptedCount += 1 }

    var count: Int { drafted.count }

    var lastToken: Int? { drafted.last?.token }

    /// The position after the last draft.
    var end: Int { firstPosition + 1 + drafted.count }

    /// The draft at `position`; nil if there is none.
    subscript(position: Int) -> DraftedToken? {
        let index = position - firstPosition - 1
        return drafted.indices.contains(index) ? drafted[index] : nil
    }
}
