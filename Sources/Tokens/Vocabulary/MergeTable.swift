/// The merge of two neighbouring tokens.
struct Merge: Sendable {
    /// Lower ranks merge first.
    let rank: UInt32
    /// The id of the merged token.
    let id: Int32
}

/// A hash table of merges by their two token ids, with open addressing.
struct MergeTable: Sendable {
    private var keys: [UInt64]
    private var merges: [Merge]
    private let mask: Int
    /// Differs per process, so no file can be crafted to collide.
    private let seed = UInt64.random(in: 0...UInt64.max)

    private static let free = UInt64.max

    /// - Parameter capacity: maximum number of merges.
    init(capacity: Int) {
        var count = 16
        while count < capacity * 2 { count *= 2 }
        keys = Array(repeating: Self.free, count: count)
        merges = Array(repeating: Merge(rank: 0, id: 0), count: count)
        mask = count - 1
    }

    /// The merge of a left and a right token. Set at most `capacity` merges; the last one set for a pair counts.
    subscript(left: Int32, right: Int32) -> Merge? {
        get {
            let slot = slot(left, right)
            return keys[slot] == Self.free ? nil : merges[slot]
        }
        set {
            guard let newValue else { return }
            let slot = slot(left, right)
            keys[slot] = Self.key(left, right)
            merges[slot] = newValue
        }
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    private func slot(_ left: Int32, _ right: Int32) -> Int {
        let key = Self.key(left, right)
        var hash = (key ^ seed) &* 0x9E37_79B9_7F4A_7C15
        hash = (hash ^ (hash >> 32)) &* 0xBF58_476D_1CE4_E5B9
        var slot = Int(truncatingIfNeeded: hash >> 20) & mask
        while keys[slot] != key, keys[slot] != Self.free { slot = (slot + 1) & mask }
        return slot
    }
}
