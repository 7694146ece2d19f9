/// What two neighbouring tokens merge to.
struct Merge: Sendable {
    /// Lower goes first.
    let rank: UInt32
    /// The id of the merged token.
    let id: Int32
}

/// The merges of a byte-pair encoding by their two token ids, in a table with open addressing.
struct MergeTable: Sendable {
    private var keys: [UInt64]
    private var merges: [Merge]
    private let mask: Int
    /// Differs from process to process, so that no file can be made to collide.
    private let seed = UInt64.random(in: 0...UInt64.max)

    private static let free = UInt64.max

    /// - Parameter capacity: how many merges will be set at most.
    init(capacity: Int) {
        var count = 16
        while count < capacity * 2 { count *= 2 }
        keys = Array(repeating: Self.free, count: count)
        merges = Array(repeating: Merge(rank: 0, id: 0), count: count)
        mask = count - 1
    }

    /// The merge of a left and a right token; set it at most `capacity` times, the last counts.
    subscript(left: Int32, right: Int32) -> Merge? {
        get {
            let place = place(left, right)
            return keys[place] == Self.free ? nil : merges[place]
        }
        set {
            guard let newValue else { return }
            let place = place(left, right)
            keys[place] = Self.key(left, right)
            merges[place] = newValue
        }
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    private func place(_ left: Int32, _ right: Int32) -> Int {
        let key = Self.key(left, right)
        var hash = (key ^ seed) &* 0x9E37_79B9_7F4A_7C15
        hash = (hash ^ (hash >> 32)) &* 0xBF58_476D_1CE4_E5B9
        var place = Int(truncatingIfNeeded: hash >> 20) & mask
        while keys[place] != key, keys[place] != Self.free { place = (place + 1) & mask }
        return place
    }
}
