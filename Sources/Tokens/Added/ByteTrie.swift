/// A trie of byte strings. A lookup takes at most as many steps as the longest string has bytes.
struct ByteTrie: Sendable {
    /// Child nodes, keyed by node × 256 + byte. Node 0 is the root.
    private var children: [Int: Int] = [:]
    /// The value of the string that ends at each node.
    private var values: [Int?] = [nil]
    /// Whether any string starts with each byte. Most bytes start none.
    private var begins = [Bool](repeating: false, count: 256)

    var isEmpty: Bool { values.count == 1 }

    /// Sets the value of `string` unless it has one. The empty string is ignored.
    mutating func insert(_ string: [UInt8], value: Int) {
        guard let first = string.first else { return }
        begins[Int(first)] = true
        var node = 0
        for byte in string {
            let key = node << 8 | Int(byte)
            if let child = children[key] {
                node = child
            } else {
                children[key] = values.count
                node = values.count
                values.append(nil)
            }
        }
        values[node] = values[node] ?? value
    }

    /// The longest string that starts at `start`, and the offset of its end.
    func longestMatch(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> (value: Int, end: Int)? {
        guard begins[Int(text[start])] else { return nil }
        var node = 0
        var match: (Int, Int)?
        for index in start..<text.count {
            guard let child = children[node << 8 | Int(text[index])] else { break }
            node = child
            if let value = values[node] { match = (value, index + 1) }
        }
        return match
    }
}
