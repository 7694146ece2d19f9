/// Finds which of many byte strings starts at a place of a text, in steps no more than the longest has bytes.
struct ByteTrie: Sendable {
    /// Key: node × 256 + byte. Node 0 is the root.
    private var children: [Int: Int] = [:]
    /// Index: node; the value of the string that ends there.
    private var values: [Int?] = [nil]
    /// Index: byte; whether a string begins with it, as most bytes of a text begin none.
    private var begins = [Bool](repeating: false, count: 256)

    var isEmpty: Bool { values.count == 1 }

    /// Sets the value of `string`, unless it has one; the empty string can have none.
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

    /// The longest string that starts at `start`, and where it ends.
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
