import Synchronization

/// A constraint over a vocabulary: which tokens may follow which text. Any number of generations share it.
package final class TokenConstraint: Sendable {
    /// A place in a text: the tokens so far.
    package struct State: Sendable {
        fileprivate let table: Shared
        fileprivate let number: Int
    }

    // Sendable: the constraint's mutex guards every use of a table.
    fileprivate final class Shared: @unchecked Sendable {
        let table: StateTable
        init(_ table: StateTable) { self.table = table }
    }

    private let program: Program
    private let trie: TokenTrie
    private let current: Mutex<Shared>

    /// - Throws: `ConstraintError` if the constraint is too large or cannot be fulfilled with the vocabulary.
    package init(_ constraint: Constraint, _ trie: TokenTrie) throws(ConstraintError) {
        program = try Program(constraint.grammar, writable: trie.writable)
        self.trie = trie
        current = Mutex(Shared(StateTable(program)))
        // The first mask is ready before the prompt is read.
        _ = try mask(start)
    }

    /// The state before the first token.
    package var start: State { current.withLock { State(table: $0, number: StateTable.start) } }

    /// The state after `token`; nil if it may not come.
    ///
    /// - Throws: `ConstraintError.tooAmbiguous`.
    package func next(_ state: State, _ token: Int) throws(ConstraintError) -> State? {
        guard let bytes = trie.bytes(of: token) else { return nil }
        return try using(state) { shared, number throws(ConstraintError) in
            var number = number
            for byte in bytes {
                guard let next = shared.table.next(number, byte) else { return nil }
                number = next
            }
            return State(table: shared, number: number)
        }
    }

    /// The tokens that may come after `state`, end tokens not among them.
    ///
    /// - Throws: `ConstraintError.tooAmbiguous`.
    package func mask(_ state: State) throws(ConstraintError) -> TokenMask {
        try using(state) { shared, number throws(ConstraintError) in
            if let mask = shared.table.masks[number] { return mask }
            let mask = trie.mask(after: number, in: shared.table)
            shared.table.masks[number] = mask
            return mask
        }
    }

    /// Whether the text may end after `state`.
    package func accepts(_ state: State) -> Bool { current.withLock { _ in state.table.table.accepts(state.number) } }

    /// Whether no further text may follow.
    package func isFinal(_ state: State) -> Bool { current.withLock { _ in state.table.table.isFinal(state.number) } }

    /// Calls `body` with the current table and the state's number there.
    private func using<Result>(
        _ state: State, _ body: (Shared, Int) throws(ConstraintError) -> sending Result
    ) throws(ConstraintError) -> sending Result {
        try current.withLock { shared throws(ConstraintError) in
            if shared.table.isFull || shared.table.failure != nil { shared = Shared(StateTable(program)) }
            let number =
                shared === state.table ? state.number : shared.table.adopt(state.number, from: state.table.table)
            let result = try body(shared, number)
            if let failure = shared.table.failure { throw failure }
            return result
        }
    }
}
