import Decoding

/// Ended sequences, kept for prompts with the same beginning: a chat's next turn continues its own sequence; another chat with the
/// same system prompt copies that prefix.
///
/// A continued sequence gets the same bits as a new one, provided that chunks do not change the bits (`Engine.isRowExact`).
package struct PrefixCache {
    /// Maximum number of sequences.
    private let limit: Int
    /// Minimum length of a prefix worth reusing.
    package static let leastShared = 32
    /// Whether clients with different keys share prefixes.
    private let sharesKeys: Bool
    /// Cached sequences and the bytes of their keys and values, the oldest first.
    private var entries: [(prefix: Prefix, kvByteCount: Int)] = []

    package init(limit: Int, sharesKeys: Bool = false) {
        self.limit = limit
        self.sharesKeys = sharesKeys
    }

    package var kvByteCount: Int { entries.reduce(0) { $0 + $1.kvByteCount } }

    package mutating func add(_ prefix: Prefix) {
        guard limit > 0 else { return }
        if entries.count == limit { entries.removeFirst() }
        entries.append((prefix, prefix.sequence.kvByteCount))
    }

    /// Removes the oldest sequence.
    package mutating func removeOldest() { if !entries.isEmpty { entries.removeFirst() } }

    /// The sequences, to copy from.
    package var prefixes: [Prefix] { entries.map(\.prefix) }

    /// Whether a job may continue from a prefix at all.
    func isOpen(_ prefix: Prefix, to job: Job) -> Bool { sharesKeys || prefix.client.domain == job.client.domain }

    /// Whether the job's client is told of the tokens that it need not wait for.
    func isTold(_ prefix: Prefix, to job: Job) -> Bool { sharesKeys || prefix.isKnown(to: job) }

    /// Whether a client may continue from prefixes on disk, which may be those of any key.
    func isDiskOpen(to client: Client) -> Bool { sharesKeys || client.domain == nil || client == .local }

    /// Whether a client is told of prefixes on disk.
    func isToldOfDisk(_ client: Client) -> Bool { sharesKeys || client == .local }

    /// Removes and returns the sequence with the longest shared prefix, truncated to that prefix. Nil if the prefix is too short, or
    /// shorter than half of the sequence.
    ///
    /// `isTold` says whether the job's client may learn of it.
    package mutating func take(for job: Job) -> (sequence: TokenSequence, isTold: Bool)? {
        let shared = entries.map { isOpen($0.prefix, to: job) ? $0.prefix.shared(with: job) : 0 }
        guard let most = shared.max(), most >= Self.leastShared, let index = shared.firstIndex(of: most),
            2 * most >= entries[index].prefix.sequence.tokens.count
        else { return nil }
        let prefix = entries.remove(at: index).prefix
        let isTold = isTold(prefix, to: job)
        // The last token always runs again: the answer's first token comes from its logits.
        prefix.sequence.truncate(to: min(most, job.prompt.count - 1))
        return (prefix.sequence, isTold)
    }
}
