import JSON

/// A model's tokens: text to id, and id to the bytes it decodes to.
struct Vocabulary: Sendable {
    /// Index: id; the text as the file has it, bytes written as `ByteAlphabet`'s characters.
    private(set) var texts: ByteStrings
    /// Index: id; the bytes that the text stands for.
    private(set) var bytes: ByteStrings
    /// Open addressing by the text's hash: ids, or −1 for a free place; at most half full.
    private var places: [Int32]
    private let mask: Int

    /// - Parameter count: ids run from 0 up to this.
    init(count: Int) {
        texts = ByteStrings(count: count)
        bytes = ByteStrings(count: count)
        var capacity = 16
        while capacity < count * 2 { capacity *= 2 }
        places = Array(repeating: -1, count: capacity)
        mask = capacity - 1
    }

    /// The highest id and one.
    var count: Int { texts.count }

    /// The id of `text`, or nil.
    func id(of text: some Collection<UInt8>) -> Int? {
        let id = places[place(of: text)]
        return id < 0 ? nil : Int(id)
    }

    /// Adds a token.
    /// - Parameter isReachable: whether `id(of:)` finds it; control tokens are not to be made from pieces of text.
    /// - Throws: `TokenizerError.damaged` where the id is out of range or taken, or the text has an id already.
    mutating func add(
        _ text: some Collection<UInt8>, id: Int, isReachable: Bool = true, in file: String
    ) throws(TokenizerError) {
        guard id >= 0, id < count, texts[id] == nil else {
            let reason = id >= 0 && id < count ? "is there twice" : "is out of range"
            throw .damaged(place: file, problem: "token id \(id) \(reason)")
        }
        let place = place(of: text)
        guard places[place] < 0 else {
            let name = quoted(String(decoding: text, as: UTF8.self))
            throw .damaged(place: file, problem: "the token \(name) has two ids, \(places[place]) and \(id)")
        }
        if isReachable { places[place] = Int32(id) }
        texts.set(id, to: text)
        bytes.set(id) { ByteAlphabet.appendBytes(of: text, to: &$0) }
    }

    /// Where `text` is, or the free place where it would be.
    private func place(of text: some Collection<UInt8>) -> Int {
        var place = hash(text) & mask
        while places[place] >= 0, texts[Int(places[place])]?.elementsEqual(text) != true { place = (place + 1) & mask }
        return place
    }

    /// Swift's hasher is seeded anew in each process, so no file can be made to collide.
    private func hash(_ text: some Collection<UInt8>) -> Int {
        var hasher = Hasher()
        let done: Void? = text.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        if done == nil { Array(text).withUnsafeBytes { hasher.combine(bytes: $0) } }
        return hasher.finalize()
    }
}

/// How high a token id may be in a file with `count` tokens: gaps are allowed, but no table may be
/// larger than the file gives reason for.
func idLimit(tokenCount count: Int) -> Int { min(4 * count + 65_536, Int(Int32.max)) }
