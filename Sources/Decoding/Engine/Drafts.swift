import Constraints
import Tensors

/// Tokens drafted after the sequence's last token.
struct Drafts {
    /// Position of the token before the first draft.
    private(set) var firstPosition = 0
    private var drafted: [DraftedToken] = []
    /// The number of drafts that were appended to the sequence.
    private(set) var acceptedCount = 0
    /// The place in the constrained text after the last draft; nil without a constraint.
    private(set) var cursor: ConstraintCursor?
    /// [vocabulary]: the copy of logits that a constraint changes.
    private var masked = AlignedBuffer<Float>(count: 0)

    /// Starts over after the token at `position`.
    ///
    /// - Parameter cursor: the place in the constrained text after it.
    mutating func begin(at position: Int, cursor: ConstraintCursor?) {
        removeAll()
        firstPosition = position
        self.cursor = cursor
    }

    /// Adds a draft, unless the constraint forbids it.
    mutating func append(_ token: DraftedToken) {
        do {
            try cursor?.advance(token.token)
            drafted.append(token)
        } catch {}
    }

    /// `logits` with −∞ for tokens that the constraint forbids; nil if it allows none. Valid until the next call.
    mutating func allowed(_ logits: UnsafeBufferPointer<Float>) -> UnsafeBufferPointer<Float>? {
        guard let cursor else { return logits }
        if masked.count < logits.count { masked = AlignedBuffer(count: logits.count) }
        let values = UnsafeMutableBufferPointer(start: masked.pointer, count: logits.count)
        _ = values.update(fromContentsOf: logits)
        return (try? cursor.mask(values)).map { UnsafeBufferPointer(values) }
    }

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
