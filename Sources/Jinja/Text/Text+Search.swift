/// Searches bytes. That is correct for text, because no UTF-8 scalar occurs inside another.
extension Text {
    /// The byte offset of the first match of `pattern` within `range`, or nil. Linear in the range for any pattern.
    func first(_ pattern: Text, in range: Range<Int>) -> Int? { utf8.first(pattern.utf8, in: range) }

    /// The byte offset of the last match of `pattern` within `range`, or nil.
    func last(_ pattern: Text, in range: Range<Int>) -> Int? {
        let backwards = Array(utf8[range].reversed())
        let offset = backwards.first(pattern.utf8.reversed(), in: 0..<backwards.count)
        return offset.map { range.upperBound - $0 - pattern.utf8.count }
    }

    func contains(_ pattern: Text) -> Bool { first(pattern, in: 0..<utf8.count) != nil }

    func hasPrefix(_ prefix: Text) -> Bool { utf8.starts(with: prefix.utf8) }

    func hasSuffix(_ suffix: Text) -> Bool {
        suffix.utf8.count <= utf8.count && utf8[(utf8.count - suffix.utf8.count)...].elementsEqual(suffix.utf8)
    }

    /// The byte offsets, in ascending order, of non-overlapping matches counted from the start or the end. `pattern`
    /// must not be empty.
    func offsets(
        of pattern: Text, atMost limit: Int = .max, fromEnd: Bool = false, _ run: Run
    ) throws(TemplateError) -> [Int] {
        let bytes = fromEnd ? utf8.reversed() : utf8
        let wanted = fromEnd ? pattern.utf8.reversed() : pattern.utf8
        var (offsets, start): ([Int], Int) = ([], 0)
        while offsets.count < limit, let offset = bytes.first(wanted, in: start..<bytes.count) {
            try run.charge(MemoryLayout<Int>.stride)
            offsets.append(offset)
            start = offset + wanted.count
        }
        return fromEnd ? offsets.reversed().map { utf8.count - $0 - wanted.count } : offsets
    }
}

/// White space as Python defines it.
extension Text {
    /// The byte range that remains after trimming matching scalars from the chosen ends.
    func trimmedBytes(atStart: Bool, atEnd: Bool, where matches: (Unicode.Scalar) -> Bool) -> Range<Int> {
        var (start, end) = (0, utf8.count)
        while atStart, start < end {
            let (scalar, width) = scalar(at: start)
            guard matches(scalar) else { break }
            start += width
        }
        while atEnd, start < end {
            var offset = end - 1
            while utf8[offset] & 0xC0 == 0x80 { offset -= 1 }
            guard matches(scalar(at: offset).scalar) else { break }
            end = offset
        }
        return start..<end
    }

    /// The text without white space at both ends.
    var trimmed: Text { part(trimmedBytes(atStart: true, atEnd: true) { $0.isPythonSpace }) }

    /// The scalar that starts at byte `offset`, and its length in bytes.
    func scalar(at offset: Int) -> (scalar: Unicode.Scalar, width: Int) { utf8.scalar(at: offset) }
}

extension [UInt8] {
    /// The first match within `range`, or nil. Knuth–Morris–Pratt search: no pattern makes it slow.
    fileprivate func first(_ pattern: [UInt8], in range: Range<Int>) -> Int? {
        guard let head = pattern.first else { return range.lowerBound }
        guard pattern.count <= range.count else { return nil }
        if pattern.count == 1 { return self[range].firstIndex(of: head) }
        let borders = pattern.borders
        return withUnsafeBufferPointer { bytes in
            var matched = 0
            for offset in range {
                while matched > 0, bytes[offset] != pattern[matched] { matched = borders[matched - 1] }
                if bytes[offset] == pattern[matched] { matched += 1 }
                if matched == pattern.count { return offset + 1 - matched }
            }
            return nil
        }
    }

    /// For each prefix, the length of the longest proper prefix that is also its suffix.
    private var borders: [Int] {
        var borders = Array<Int>(repeating: 0, count: count)
        for index in indices.dropFirst() {
            var length = borders[index - 1]
            while length > 0, self[index] != self[length] { length = borders[length - 1] }
            borders[index] = self[index] == self[length] ? length + 1 : 0
        }
        return borders
    }

    /// The scalar that starts at byte `offset`, and its length in bytes. `self` must be valid UTF-8.
    func scalar(at offset: Int) -> (scalar: Unicode.Scalar, width: Int) {
        let first = self[offset]
        if first < 0x80 { return (Unicode.Scalar(first), 1) }
        let width = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        var value = UInt32(first) & (width == 2 ? 0x1F : width == 3 ? 0x0F : 0x07)
        for byte in self[offset + 1..<offset + width] { value = value << 6 | UInt32(byte & 0x3F) }
        return (Unicode.Scalar(value) ?? "\u{FFFD}", width)
    }
}

extension Unicode.Scalar {
    /// Whether `str.isspace` and `\s` accept the scalar.
    var isPythonSpace: Bool {
        switch value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    /// Whether `str.splitlines` ends a line at the scalar.
    var isPythonLineEnd: Bool {
        switch value {
        case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }
}
