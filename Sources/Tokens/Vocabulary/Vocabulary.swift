import JSON

/// A model's tokens: maps texts to ids, and ids to the bytes they decode to.
struct Vocabulary: Sendable {
    /// Texts by id as in the file: bytes written as `ByteAlphabet`'s characters.
    private(set) var texts: ByteStrings
    /// Decoded bytes by id.
    private(set) var bytes: ByteStrings
    /// A hash table by text with open addressing, at most half full: ids, or −1 for a free slot.
    private var slots: [Int32]
    private let mask: Int

    /// - Parameter count: upper bound of the ids, exclusive.
    init(count: Int) {
        texts = ByteStrings(count: count)
        bytes = ByteStrings(count: count)
        var capacity = 16
        while capacity < count * 2 { capacity *= 2 }
        slots = Array(repeating: -1, count: capacity)
        mask = capacity - 1
    }

    /// The highest id plus one.
    var count: Int { texts.count }

    /// The id of `text`, or nil.
    func id(of text: some Collection<UInt8>) -> Int? {
        let id = slots[slot(of: text)]
        return id < 0 ? nil : Int(id)
    }

    /// Adds a token.
    /// - Parameter isReachable: whether `id(of:)` finds the token. Text must not encode to control tokens.
    /// - Throws: `TokenizerError.damaged` if the id is out of range or taken, or the text already has an id.
    mutating func add(
        _ text: some Collection<UInt8>, id: Int, isReachable: Bool = true, in file: String
    ) throws(TokenizerError) {
        guard id >= 0, id < count, texts[id] == nil else {
            let reason = id >= 0 && id < count ? "is used twice" : "is out of range"
            throw .damaged(place: file, problem: "token id \(id) \(reason)")
        }
        let slot = slot(of: text)
        guard slots[slot] < 0 else {
            let name = quoted(String(decoding: text, as: UTF8.self))
            throw .damaged(place: file, problem: "the token \(name) has two ids, \(slots[slot]) and \(id)")
        }
        if isReachable { slots[slot] = Int32(id) }
        texts.set(id, to: text)
        bytes.set(id) { ByteAlphabet.appendBytes(of: text, to: &$0) }
    }

    /// The slot of `text`, or the free slot where it belongs.
    private func slot(of text: some Collection<UInt8>) -> Int {
        var slot = hash(text) & mask
        while slots[slot] >= 0, texts[Int(slots[slot])]?.elementsEqual(text) != true { slot = (slot + 1) & mask }
        return slot
    }

    /// Swift's hasher is seeded per process, so no file can be crafted to collide.
    private func hash(_ text: some Collection<UInt8>) -> Int {
        var hasher = Hasher()
        let done: Void? = text.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        if done == nil { Array(text).withUnsafeBytes { hasher.combine(bytes: $0) } }
        return hasher.finalize()
    }
}

/// The limit of token ids in a file with `count` tokens. Gaps are allowed, but tables stay proportional to the file.
func idLimit(tokenCount count: Int) -> Int { min(4 * count + 65_536, Int(Int32.max)) }
