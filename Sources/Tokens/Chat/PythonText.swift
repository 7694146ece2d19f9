// Templates are written against Python's string methods, which see scalars where Swift sees characters.

extension String {
    /// Without the scalars at its start and end that are `unwanted`.
    func trimmed(_ unwanted: (Unicode.Scalar) -> Bool, atStart: Bool = true, atEnd: Bool = true) -> String {
        var scalars = unicodeScalars[...]
        while atStart, let first = scalars.first, unwanted(first) { scalars.removeFirst() }
        while atEnd, let last = scalars.last, unwanted(last) { scalars.removeLast() }
        return String(scalars)
    }

    /// The parts around each `separator`; the whole where there is none.
    func parts(between separator: String) -> [String] {
        var parts: [String] = []
        var rest = utf8[...]
        while let found = rest.firstRange(of: separator.utf8) {
            parts.append(String(Substring(rest[..<found.lowerBound])))
            rest = rest[found.upperBound...]
        }
        return parts + [String(Substring(rest))]
    }

    /// Whether a template trims the messages' contents.
    var trimsContent: Bool {
        ["content|trim", "content']|trim", "content\"]|trim"].contains { pattern in
            utf8.filter { $0 != 0x20 }.firstRange(of: pattern.utf8) != nil
        }
    }
}

extension Unicode.Scalar {
    /// What `str.strip` removes: white space, and the four separators U+001C to U+001F.
    var isPythonSpace: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }
}
