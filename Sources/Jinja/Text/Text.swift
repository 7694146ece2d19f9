/// A string as in Python: a sequence of Unicode scalars, compared scalar by scalar. Stored as UTF-8.
///
/// Swift's `String` will not do: it compares by canonical equivalence and counts grapheme clusters.
struct Text: Sendable {
    /// Valid UTF-8.
    let utf8: [UInt8]
    /// Whether every scalar is one byte, so that scalar indices are byte offsets.
    let isASCII: Bool
    /// Whether this is `Markup`, from `|safe` or `|escape`. Other text is escaped for HTML when joined with it.
    private(set) var isMarkup = false

    init(_ string: String) { self.init(utf8: Array(string.utf8)) }

    init(utf8: [UInt8]) {
        self.utf8 = utf8
        isASCII = utf8.allSatisfy { $0 < 0x80 }
    }

    /// Creates a text whose `isASCII` is known.
    init(utf8: [UInt8], isASCII: Bool) {
        self.utf8 = utf8
        self.isASCII = isASCII
    }

    init(_ scalars: some Swift.Sequence<Unicode.Scalar>) {
        var bytes: [UInt8] = []
        for scalar in scalars { bytes.append(scalar) }
        self.init(utf8: bytes)
    }

    static let empty = Text(utf8: [], isASCII: true)

    /// The same text, marked as safe or not.
    func marked(_ isMarkup: Bool = true) -> Text {
        var text = self
        text.isMarkup = isMarkup
        return text
    }

    var string: String { String(decoding: utf8, as: UTF8.self) }
    var isEmpty: Bool { utf8.isEmpty }

    /// Number of scalars.
    var count: Int {
        if isASCII { return utf8.count }
        return utf8.reduce(into: 0) { count, byte in count += byte & 0xC0 == 0x80 ? 0 : 1 }
    }

    /// The scalars, decoded.
    var scalars: [Unicode.Scalar] {
        if isASCII { return utf8.map { Unicode.Scalar($0) } }
        return Array(string.unicodeScalars)
    }

    /// The byte offset of scalar `index`, which may be `count`.
    func byteOffset(of index: Int) -> Int {
        if isASCII { return index }
        var (offset, left) = (0, index)
        while left > 0, offset < utf8.count {
            offset += 1
            while offset < utf8.count, utf8[offset] & 0xC0 == 0x80 { offset += 1 }
            left -= 1
        }
        return offset
    }

    /// The index of the scalar that starts at byte `offset`.
    func index(ofByte offset: Int) -> Int {
        isASCII ? offset : Text(utf8: Array(utf8[..<offset]), isASCII: false).count
    }

    /// The scalars with indices in `range`, which must be within bounds.
    func slice(_ range: Range<Int>) -> Text {
        let start = byteOffset(of: range.lowerBound)
        let end =
            isASCII
            ? range.upperBound
            : start
                + Text(utf8: Array(utf8[start...]), isASCII: false)
                .byteOffset(of: range.count)
        return part(start..<end)
    }

    /// The text in a byte range that starts and ends at scalar boundaries.
    func part(_ bytes: Range<Int>) -> Text {
        if bytes.count == utf8.count { return marked(false) }
        let part = Array(utf8[bytes])
        return isASCII ? Text(utf8: part, isASCII: true) : Text(utf8: part)
    }

    static func + (left: Text, right: Text) -> Text {
        var bytes = left.utf8
        bytes.append(contentsOf: right.utf8)
        return Text(utf8: bytes, isASCII: left.isASCII && right.isASCII)
    }
}

extension Text: Hashable {
    static func == (left: Text, right: Text) -> Bool { left.utf8 == right.utf8 }
    func hash(into hasher: inout Hasher) { hasher.combine(utf8) }
}

extension Text: Comparable {
    /// Compares by scalars, whose order is that of their UTF-8 bytes.
    static func < (left: Text, right: Text) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }
}

extension Text: ExpressibleByStringLiteral {
    init(stringLiteral value: String) { self.init(value) }
}

extension [UInt8] {
    mutating func append(_ scalar: Unicode.Scalar) {
        if scalar.isASCII { append(UInt8(scalar.value)) } else { append(contentsOf: UTF8.encode(scalar)!) }
    }

    mutating func append(_ text: Text) { append(contentsOf: text.utf8) }

    mutating func append(_ string: String) { append(contentsOf: string.utf8) }
}
