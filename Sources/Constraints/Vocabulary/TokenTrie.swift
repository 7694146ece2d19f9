/// The byte strings of a vocabulary's tokens as a tree, in depth-first order.
package final class TokenTrie: Sendable {
    /// Tokens with their bytes; nil for tokens that no text holds, such as control tokens.
    private let bytes: [[UInt8]?]
    /// By node: its byte, the number of bytes before it, the node after its subtree, and the token that ends here, or −1.
    private let labels: [UInt8]
    private let depths: [UInt16]
    private let ends: [Int32]
    private let tokens: [Int32]
    /// Tokens with the bytes of another one.
    private let doubles: [(token: Int, first: Int)]
    /// Bytes that have a token of their own, so that any text of them can be written.
    let writable: ByteSet

    /// - Parameter bytes: the bytes of each token; nil or none for tokens that must not come.
    package init(_ bytes: [[UInt8]?]) {
        self.bytes = bytes.map { $0?.isEmpty == true || $0?.count ?? 0 > Int(UInt16.max) ? nil : $0 }
        let strings = self.bytes
        let sorted = strings.indices.filter { strings[$0] != nil }.sorted {
            (strings[$0] ?? []).lexicographicallyPrecedes(strings[$1] ?? [])
        }
        var (labels, depths, ends, tokens) = ([UInt8](), [UInt16](), [Int32](), [Int32]())
        var doubles: [(token: Int, first: Int)] = []
        var open: [Int] = []
        var last: [UInt8] = []
        for token in sorted {
            let string = strings[token] ?? []
            let shared = zip(string, last).prefix { $0 == $1 }.count
            if shared == string.count, shared == last.count, let node = open.last {
                doubles.append((token, Int(tokens[node])))
                continue
            }
            for node in open[shared...] { ends[node] = Int32(labels.count) }
            open.removeSubrange(shared...)
            for depth in shared..<string.count {
                open.append(labels.count)
                labels.append(string[depth])
                depths.append(UInt16(depth))
                ends.append(0)
                tokens.append(-1)
            }
            tokens[tokens.count - 1] = Int32(token)
            last = string
        }
        for node in open { ends[node] = Int32(labels.count) }
        (self.labels, self.depths, self.ends, self.tokens, self.doubles) = (labels, depths, ends, tokens, doubles)
        writable = strings.reduce(into: ByteSet()) { set, string in
            if let string, string.count == 1 { set.insert(string[0]) }
        }
    }

    /// The number of tokens, those without bytes included.
    var tokenCount: Int { bytes.count }

    func bytes(of token: Int) -> [UInt8]? { bytes.indices.contains(token) ? bytes[token] : nil }

    /// Visits nodes as far as the table knows the moves, of which there are many. Returns the first node with an unknown one.
    private func walk(
        from start: Int, _ states: inout [Int], _ words: inout [UInt64], _ table: StateTable
    ) -> Int {
        table.withMoves { moves, classes, classCount in
            labels.withUnsafeBufferPointer { labels in
                depths.withUnsafeBufferPointer { depths in
                    var node = start
                    while node < labels.count {
                        let depth = Int(depths[node])
                        let next = moves[states[depth] * classCount + Int(classes[Int(labels[node])])]
                        if next == StateTable.unknownMove { return node }
                        if next < 0 {
                            node = Int(ends[node])
                            continue
                        }
                        states[depth + 1] = Int(next)
                        let token = Int(tokens[node])
                        if token >= 0 { words[token >> 6] |= 1 << UInt64(token & 63) }
                        node += 1
                    }
                    return node
                }
            }
        }
    }

    /// The tokens whose bytes may come after `state`.
    func mask(after state: Int, in table: StateTable) -> TokenMask {
        var words = [UInt64](repeating: 0, count: (bytes.count + 63) / 64)
        // By depth: the state before the byte there.
        var states = [Int](repeating: state, count: Int(depths.max() ?? 0) + 2)
        var node = 0
        while node < labels.count, table.failure == nil {
            node = walk(from: node, &states, &words, table)
            // A move that is not known yet.
            if node < labels.count { _ = table.next(states[Int(depths[node])], labels[node]) }
        }
        for (token, first) in doubles where words[first >> 6] >> UInt64(first & 63) & 1 != 0 {
            words[token >> 6] |= 1 << UInt64(token & 63)
        }
        return TokenMask(words: words)
    }
}
