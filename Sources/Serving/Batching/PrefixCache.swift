import Decoding

/// Sequences that have ended, kept for prompts that begin as they did: a chat's next turn goes on from its own, another
/// chat with the same system prompt copies that.
///
/// A sequence that is taken up again gives what a new one would, as long as prompts may be read in any pieces.
package struct PrefixCache {
    private struct Entry {
        let sequence: TokenSequence
        let kvByteCount: Int

        /// Tokens of the job's prompt that need not be read again: none where its plan runs other layers.
        func shared(with job: Job) -> Int {
            guard sequence.plan.layers == job.plan.layers else { return 0 }
            return zip(sequence.tokens, job.prompt).prefix { $0 == $1 }.count
        }
    }

    /// Most sequences that are kept.
    private let limit: Int
    /// Least tokens that are worth it.
    package static let leastShared = 32
    /// The oldest first.
    private var entries: [Entry] = []

    package init(limit: Int) { self.limit = limit }

    package var kvByteCount: Int { entries.reduce(0) { $0 + $1.kvByteCount } }

    package mutating func add(_ sequence: TokenSequence) {
        guard limit > 0 else { return }
        if entries.count == limit { entries.removeFirst() }
        entries.append(Entry(sequence: sequence, kvByteCount: sequence.kvByteCount))
    }

    /// Lets go of the oldest.
    package mutating func removeOldest() { if !entries.isEmpty { entries.removeFirst() } }

    /// The sequences, to copy from.
    package var sequences: [TokenSequence] { entries.map(\.sequence) }

    /// Removes and returns the sequence that shares most with the job's prompt, cut to what they share; nil where none shares
    /// enough, or more of it would be lost than kept.
    package mutating func take(for job: Job) -> TokenSequence? {
        let shared = entries.map { $0.shared(with: job) }
        guard let most = shared.max(), most >= Self.leastShared, let place = shared.firstIndex(of: most),
            2 * most >= entries[place].sequence.tokens.count
        else { return nil }
        let sequence = entries.remove(at: place).sequence
        // The last token is always run anew: its logits are the answer's first.
        sequence.truncate(to: min(most, job.prompt.count - 1))
        return sequence
    }
}
