/// `attribute="a.b.0"` of a filter: names and indices to follow from each element.
struct AttributePath {
    private let keys: [Value]
    /// The value of an absent part.
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
    /// A path; nothing and `None` mean the element itself.
    func attributePath(_ attribute: Value?, fallback: Value? = nil) throws(TemplateError) -> AttributePath {
        guard let attribute, !attribute.isNone else { return AttributePath([]) }
        guard let text = attribute.text else { return AttributePath([attribute], fallback: fallback) }
        return AttributePath(try parts(of: text), fallback: fallback)
    }

    /// The paths of a list with commas, as `sort` takes it.
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
        for place in try places(of: separator, run) + [utf8.count] {
            parts.append(part(start..<place))
            start = place + separator.utf8.count
        }
        return parts
    }

    fileprivate var isDigits: Bool { utf8.allSatisfy { (0x30...0x39).contains($0) } }
}

extension Value {
    /// A string in lower case, another value as it is: how filters compare without case.
    var caseFolded: Value { text.map { .string($0.lowercased) } ?? self }
}
