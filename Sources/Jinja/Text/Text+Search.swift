/// Finding bytes in bytes. UTF-8 never finds a scalar inside another, so bytes do.
extension Text {
    /// The first byte of the first place of `pattern` that lies within `range`, or nil. Takes time in proportion to the
    /// range, whatever the pattern.
    func first(_ pattern: Text, in range: Range<Int>) -> Int? { utf8.first(pattern.utf8, in: range) }

    /// The first byte of the last place of `pattern` that lies within `range`, or nil.
    func last(_ pattern: Text, in range: Range<Int>) -> Int? {
        let backwards = Array(utf8[range].reversed())
        let place = backwards.first(pattern.utf8.reversed(), in: 0..<backwards.count)
        return place.map { range.upperBound - $0 - pattern.utf8.count }
    }

    func contains(_ pattern: Text) -> Bool { first(pattern, in: 0..<utf8.count) != nil }

    func hasPrefix(_ prefix: Text) -> Bool { utf8.starts(with: prefix.utf8) }

    func hasSuffix(_ suffix: Text) -> Bool {
        suffix.utf8.count <= utf8.count && utf8[(utf8.count - suffix.utf8.count)...].elementsEqual(suffix.utf8)
    }

    /// Every place of `pattern` from the left, or from the right, none overlapping another; `pattern` is not empty. In
    /// the order of the text.
    func places(
        of pattern: Text, atMost limit: Int = .max, fromEnd: Bool = false, _ run: Run
    ) throws(TemplateError) -> [Int] {
        let bytes = fromEnd ? utf8.reversed() : utf8
        let wanted = fromEnd ? pattern.utf8.reversed() : pattern.utf8
        var (places, offset): ([Int], Int) = ([], 0)
        while places.count < limit, let place = bytes.first(wanted, in: offset..<bytes.count) {
            try run.charge(MemoryLayout<Int>.stride)
            places.append(place)
            offset = place + wanted.count
        }
        return fromEnd ? places.reversed().map { utf8.count - $0 - wanted.count } : places
    }
}

/// Spaces as Python knows them.
extension Text {
    /// The bytes that stay when scalars at the chosen ends go.
    func trimmedBytes(atStart: Bool, atEnd: Bool, where matches: (Unicode.Scalar) -> Bool) -> Range<Int> {
        var (start, end) = (0, utf8.count)
        while atStart, start < end {
            let (scalar, width) = scalar(at: start)
            guard matches(scalar) else { break }
            start += width
        }
        while atEnd, start < end {
            var place = end - 1
            while utf8[place] & 0xC0 == 0x80 { place -= 1 }
            guard matches(scalar(at: place).scalar) else { break }
            end = place
        }
        return start..<end
    }

    /// Without the spaces at both ends.
    var trimmed: Text { part(trimmedBytes(atStart: true, atEnd: true) { $0.isPythonSpace }) }

    /// The scalar whose first byte is at `offset`, and its number of bytes.
    func scalar(at offset: Int) -> (scalar: Unicode.Scalar, width: Int) { utf8.scalar(at: offset) }
}

extension [UInt8] {
    /// The first place of `pattern` that lies within `range`, or nil: Knuth, Morris and Pratt's search, so that no
    /// pattern makes it slow.
    fileprivate func first(_ pattern: [UInt8], in range: Range<Int>) -> Int? {
        guard let head = pattern.first else { return range.lowerBound }
        guard pattern.count <= range.count else { return nil }
        if pattern.count == 1 { return self[range].firstIndex(of: head) }
        let borders = pattern.borders
        return withUnsafeBufferPointer { bytes in
            var matched = 0
            for place in range {
                while matched > 0, bytes[place] != pattern[matched] { matched = borders[matched - 1] }
                if bytes[place] == pattern[matched] { matched += 1 }
                if matched == pattern.count { return place + 1 - matched }
            }
            return nil
        }
    }

    /// For each prefix, the length of the longest shorter one that it ends with.
    private var borders: [Int] {
        var borders = Array<Int>(repeating: 0, count: count)
        for index in indices.dropFirst() {
            var length = borders[index - 1]
            while length > 0, self[index] != self[length] { length = borders[length - 1] }
            borders[index] = self[index] == self[length] ? length + 1 : 0
        }
        return borders
    }

    /// The scalar whose first byte is at `offset`, and its number of bytes; `self` is valid UTF-8.
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
    /// What `str.isspace` and `\s` take for a space.
    var isPythonSpace: Bool {
        switch value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    /// What `str.splitlines` takes for the end of a line.
    var isPythonLineEnd: Bool {
        switch value {
        case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }
}
