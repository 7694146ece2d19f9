/// A filter's `attribute="a.b.0"`: the names and indices to follow from each element.
struct AttributePath {
    private let keys: [Value]
    /// Replaces an undefined value along the path.
    var fallback: Value?

    init(_ keys: [Value], fallback: Value? = nil) { (self.keys, self.fallback) = (keys, fallback) }

    func value(of element: Value, _ run: Run) throws(TemplateError) -> Value {
        var value = element
        for key in keys {
            value = try value.itemOrAttribute(key, run)
            if let fallback, value.isUndefined { value = fallback }
        }
        return value
    }
}

extension Run {
    /// Parses a path. A missing attribute or `None` selects the element itself.
    func attributePath(_ attribute: Value?, fallback: Value? = nil) throws(TemplateError) -> AttributePath {
        guard let attribute, !attribute.isNone else { return AttributePath([]) }
        guard let text = attribute.text else { return AttributePath([attribute], fallback: fallback) }
        return AttributePath(try parts(of: text), fallback: fallback)
    }

    /// Parses the comma-separated paths of `sort`.
    func attributePaths(_ attribute: Value?) throws(TemplateError) -> [AttributePath] {
        guard let text = attribute?.text else { return [try attributePath(attribute)] }
        var paths: [AttributePath] = []
        for path in try text.split(at: ",", self) { paths.append(AttributePath(try parts(of: path))) }
        return paths
    }

    private func parts(of path: Text) throws(TemplateError) -> [Value] {
        try path.split(at: ".", self).map { part in
            Int(part.string).map { part.isDigits ? .int($0) : .string(part) } ?? .string(part)
        }
    }
}

extension Text {
    fileprivate func split(at separator: Text, _ run: Run) throws(TemplateError) -> [Text] {
        var parts: [Text] = []
        var start = 0
        for offset in try offsets(of: separator, run) + [utf8.count] {
            parts.append(part(start..<offset))
            start = offset + separator.utf8.count
        }
        return parts
    }

    fileprivate var isDigits: Bool { utf8.allSatisfy { (0x30...0x39).contains($0) } }
}

extension Value {
    /// Strings in lower case, other values unchanged: the key for case-insensitive comparison.
    var caseFolded: Value { text.map { .string($0.lowercased) } ?? self }
}
