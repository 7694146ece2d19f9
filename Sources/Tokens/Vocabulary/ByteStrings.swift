/// Numbered byte strings in one block of memory. A number may have no string.
struct ByteStrings: Sendable {
    private var bytes: [UInt8] = []
    /// The range of each string in `bytes`, or nil.
    private var ranges: [Range<Int>?]

    /// - Parameter count: upper bound of the numbers, exclusive.
    init(count: Int) { ranges = Array(repeating: nil, count: count) }

    var count: Int { ranges.count }

    /// The length of the longest string.
    var longestByteCount: Int { ranges.reduce(0) { max($0, $1?.count ?? 0) } }

    /// The string of `number`; nil if it has none or is out of range.
    subscript(number: Int) -> ArraySlice<UInt8>? {
        guard ranges.indices.contains(number), let range = ranges[number] else { return nil }
        return bytes[range]
    }

    /// Sets the string of `number`. Call at most once per number.
    mutating func set(_ number: Int, to string: some Sequence<UInt8>) {
        set(number) { $0.append(contentsOf: string) }
    }

    /// Sets the string of `number` to what `append` appends.
    mutating func set(_ number: Int, append: (inout [UInt8]) -> Void) {
        let start = bytes.count
        append(&bytes)
        ranges[number] = start..<bytes.count
    }
}
