import Decoding

/// Sequences that have ended, kept for prompts that begin as they did: a chat's next turn.
///
/// A sequence that is taken up again gives what a new one would, as long as prompts may be read in any pieces.
struct PrefixCache {
    private struct Entry {
        let session: Session
        let kvByteCount: Int
    }

    /// Most sequences that are kept.
    private let limit: Int
    /// Least tokens that are worth it.
    private static let leastShared = 32
    /// The oldest first.
    private var entries: [Entry] = []

    init(limit: Int) { self.limit = limit }

    var kvByteCount: Int { entries.reduce(0) { $0 + $1.kvByteCount } }

    mutating func add(_ session: Session) {
        guard limit > 0 else { return }
        if entries.count == limit { entries.removeFirst() }
        entries.append(Entry(session: session, kvByteCount: session.kvByteCount))
    }

    /// Lets go of the oldest.
    mutating func removeOldest() { if !entries.isEmpty { entries.removeFirst() } }

    /// Removes and returns the sequence that shares most with `prompt`, cut to what they share; nil where none shares enough.
    mutating func take(for prompt: [Int]) -> Session? {
        let shared = entries.map { zip($0.session.tokens, prompt).prefix { $0 == $1 }.count }
        guard let most = shared.max(), most >= Self.leastShared, let place = shared.firstIndex(of: most) else {
            return nil
        }
        let session = entries.remove(at: place).session
        // The last token is always run anew: its logits are the answer's first.
        session.truncate(to: min(most, prompt.count - 1))
        return session
    }
}
