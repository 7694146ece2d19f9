/// Finding bytes in bytes. UTF-8 never finds a scalar inside another, so bytes do.
extension Text {
    /// The first byte of the first place of `pattern` that lies within `range`, or nil.
    func first(_ pattern: Text, in range: Range<Int>) -> Int? {
        let width = pattern.utf8.count
        guard width <= range.count else { return nil }
        guard let head = pattern.utf8.first else { return range.lowerBound }
        return utf8.withUnsafeBufferPointer { bytes in
            pattern.utf8.withUnsafeBufferPointer { pattern in
                var offset = range.lowerBound
                while offset + width <= range.upperBound {
                    if bytes[offset] == head, bytes[offset..<offset + width].elementsEqual(pattern) { return offset }
                    offset += 1
                }
                return nil
            }
        }
    }

    /// The first byte of the last place of `pattern` that lies within `range`, or nil.
    func last(_ pattern: Text, in range: Range<Int>) -> Int? {
        let width = pattern.utf8.count
        var offset = range.upperBound - width
        while offset >= range.lowerBound {
            if utf8[offset..<offset + width].elementsEqual(pattern.utf8) { return offset }
            offset -= 1
        }
        return nil
    }

    func contains(_ pattern: Text) -> Bool { first(pattern, in: 0..<utf8.count) != nil }

    func hasPrefix(_ prefix: Text) -> Bool { utf8.starts(with: prefix.utf8) }

    func hasSuffix(_ suffix: Text) -> Bool {
        suffix.utf8.count <= utf8.count && utf8[(utf8.count - suffix.utf8.count)...].elementsEqual(suffix.utf8)
    }

    /// Every place of `pattern` from the left, none overlapping another; `pattern` is not empty.
    func places(of pattern: Text, atMost limit: Int = .max) -> [Int] {
        var (places, offset): ([Int], Int) = ([], 0)
        while places.count < limit, let place = first(pattern, in: offset..<utf8.count) {
            places.append(place)
            offset = place + pattern.utf8.count
        }
        return places
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
