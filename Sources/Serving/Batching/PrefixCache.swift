import Decoding

/// Ended sequences, kept for prompts with the same beginning: a chat's next turn continues its own sequence; another chat with the
/// same system prompt copies that prefix.
///
/// A continued sequence gets the same bits as a new one, provided that chunks do not change the bits (`Engine.isRowExact`).
package struct PrefixCache {
    private struct Entry {
        let sequence: TokenSequence
        let kvByteCount: Int

        /// The length of the prefix shared with the job's prompt; 0 if the plan runs other layers.
        func shared(with job: Job) -> Int {
            guard sequence.plan.layers == job.plan.layers else { return 0 }
            return zip(sequence.tokens, job.prompt).prefix { $0 == $1 }.count
        }
    }

    /// Maximum number of sequences.
    private let limit: Int
    /// Minimum length of a prefix worth reusing.
    package static let leastShared = 32
    /// Cached sequences, the oldest first.
    private var entries: [Entry] = []

    package init(limit: Int) { self.limit = limit }

    package var kvByteCount: Int { entries.reduce(0) { $0 + $1.kvByteCount } }

    package mutating func add(_ sequence: TokenSequence) {
        guard limit > 0 else { return }
        if entries.count == limit { entries.removeFirst() }
        entries.append(Entry(sequence: sequence, kvByteCount: sequence.kvByteCount))
    }

    /// Removes the oldest sequence.
    package mutating func removeOldest() { if !entries.isEmpty { entries.removeFirst() } }

    /// The sequences, to copy from.
    package var sequences: [TokenSequence] { entries.map(\.sequence) }

    /// Removes and returns the sequence with the longest shared prefix, truncated to that prefix. Nil if the prefix is too short, or
    /// shorter than half of the sequence.
    package mutating func take(for job: Job) -> TokenSequence? {
        let shared = entries.map { $0.shared(with: job) }
        guard let most = shared.max(), most >= Self.leastShared, let index = shared.firstIndex(of: most),
            2 * most >= entries[index].sequence.tokens.count
        else { return nil }
        let sequence = entries.remove(at: index).sequence
        // The last token always runs again: the answer's first token comes from its logits.
        sequence.truncate(to: min(most, job.prompt.count - 1))
        return sequence
    }
}
