import Constraints
import Synchronization
import Tokens

/// Constraints over a model's vocabulary. The last ones are kept with what they have computed, so that a schema that comes again costs
/// nothing.
final class VocabularyConstraints: Sendable {
    private struct Kept {
        var trie: TokenTrie?
        /// The most recently used last.
        var constraints: [(source: Constraint.Source, constraint: TokenConstraint)] = []
    }

    private static let limit = 16

    private let kept = Mutex(Kept())

    /// - Throws: `ConstraintError` if the constraint is too large or cannot be fulfilled with the vocabulary.
    func constraint(
        _ constraint: Constraint, tokenizer: Tokenizer, endTokens: Set<Int>
    ) throws(ConstraintError) -> TokenConstraint {
        let trie = trie(tokenizer, endTokens)
        if let known = take(constraint.source) { return known }
        let made = try TokenConstraint(constraint, trie)
        keep(made, constraint.source)
        return made
    }

    private func trie(_ tokenizer: Tokenizer, _ endTokens: Set<Int>) -> TokenTrie {
        kept.withLock { kept in
            if let trie = kept.trie { return trie }
            let bytes = tokenizer.textBytes.enumerated().map { endTokens.contains($0) ? nil : $1 }
            let trie = TokenTrie(bytes)
            kept.trie = trie
            return trie
        }
    }

    private func take(_ source: Constraint.Source) -> TokenConstraint? {
        kept.withLock { kept in
            guard let index = kept.constraints.firstIndex(where: { $0.source == source }) else { return nil }
            let known = kept.constraints.remove(at: index)
            kept.constraints.append(known)
            return known.constraint
        }
    }

    private func keep(_ constraint: TokenConstraint, _ source: Constraint.Source) {
        kept.withLock { kept in
            kept.constraints.removeAll { $0.source == source }
            kept.constraints.append((source, constraint))
            if kept.constraints.count > Self.limit { kept.constraints.removeFirst() }
        }
    }
}

extension Model {
    /// The constraint over this model's vocabulary, with its first mask.
    ///
    /// - Throws: `ConstraintError`; `TokenizerError` or `GenerationError.noTokenizer` for a model without a usable tokenizer.
    package func tokenConstraint(_ constraint: Constraint) throws -> TokenConstraint {
        try constraints.constraint(constraint, tokenizer: try requireTokenizer(), endTokens: endTokens)
    }
}
