/// The methods of `str`. Each file in this directory adds the methods of one subject.
enum StringMethods {
    typealias Body = @Sendable (Text, Arguments, Run) throws(TemplateError) -> Value

    static func method(_ name: Text, of owner: Value) -> Value? {
        guard let body = all[name] else { return nil }
        return .object(
            Method(name.string, of: owner) { (owner, arguments, run) throws(TemplateError) in
                guard let text = owner.text else { throw run.failure("not a string") }
                try run.scan(text)
                guard text.isMarkup else { return try body(text, arguments, run) }
                return try body(text, run.escaped(arguments, for: name), run).marked()
            })
    }

    private static let all: [Text: Body] = [caseMethods, searching, splitting, trimming, padding, classes, building]
        .reduce(into: [:]) { all, some in all.merge(some) { first, _ in first } }

    /// Makes a method without arguments that returns a text.
    static func unary(_ name: String, _ body: @escaping @Sendable (Text) -> Text) -> Body {
        { (text, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: name, run)
            return try run.make(body(text))
        }
    }

    /// Makes a method without arguments that returns a Boolean.
    static func question(_ name: String, _ body: @escaping @Sendable (Text) -> Bool) -> Body {
        { (text, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: name, run)
            return .bool(body(text))
        }
    }

    private static let caseMethods: [Text: Body] = [
        "upper": unary("upper") { $0.uppercased },
        "lower": unary("lower") { $0.lowercased },
        "casefold": unary("casefold") { $0.lowercased },
        "title": unary("title") { $0.titlecased },
        "capitalize": unary("capitalize") { $0.capitalized },
        "swapcase": unary("swapcase") { $0.caseSwapped },
    ]

    private static let building: [Text: Body] = [
        "join": { (text, arguments, run) throws(TemplateError) in
            let values = try (try arguments.bound(1...1, for: "join", run)[0] ?? .none).elements(run)
            var parts: [Text] = []
            for (index, value) in values.enumerated() {
                guard let part = value.text else {
                    throw run.failure("join(): item \(index) is not a string but \(value.typeName)")
                }
                parts.append(part)
            }
            return try run.joined(parts, by: text)
        },
        "format": { (text, arguments, run) throws(TemplateError) in
            try run.make(try BraceFormat(text, arguments, run).text())
        },
        "format_map": { (text, arguments, run) throws(TemplateError) in
            guard case .mapping(let mapping)? = try arguments.bound(1...1, for: "format_map", run)[0] else {
                throw run.failure("format_map() takes a mapping")
            }
            var named = Arguments()
            for (key, value) in zip(mapping.keys, mapping.values) {
                if let name = key.text { named.named.append((name, value)) }
            }
            return try run.make(try BraceFormat(text, named, run).text())
        },
        "replace": { (text, arguments, run) throws(TemplateError) in
            let values = try arguments.bound(2...3, for: "replace", run)
            return try run.replaced(
                text, try values[0].text("the text to replace", run), try values[1].text("the replacement", run),
                count: try values[2].integer(or: -1, "the count", run))
        },
    ]
}

extension Run {
    func joined(_ parts: [Text], by separator: Text) throws(TemplateError) -> Value {
        var count = max(parts.count - 1, 0) * separator.utf8.count
        for part in parts { count += part.utf8.count }
        try charge(count + 32)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for (index, part) in parts.enumerated() {
            if index > 0 { bytes.append(separator) }
            bytes.append(part)
        }
        return .string(Text(utf8: bytes))
    }

    /// `str.replace`. A negative count replaces all occurrences.
    func replaced(_ text: Text, _ old: Text, _ new: Text, count: Int) throws(TemplateError) -> Value {
        try scan(text)
        let limit = count < 0 ? Int.max : count
        if old.isEmpty { return try interleaved(text, new, atMost: limit) }
        let offsets = try text.offsets(of: old, atMost: limit, self)
        guard !offsets.isEmpty else { return .string(text) }
        try charge(text.utf8.count + offsets.count * max(0, new.utf8.count - old.utf8.count) + 32)
        var bytes: [UInt8] = []
        var end = 0
        for offset in offsets {
            bytes.append(contentsOf: text.utf8[end..<offset])
            bytes.append(new)
            end = offset + old.utf8.count
        }
        bytes.append(contentsOf: text.utf8[end...])
        return .string(Text(utf8: bytes))
    }

    /// `str.replace` of the empty text: inserts `new` before each scalar and at the end.
    private func interleaved(_ text: Text, _ new: Text, atMost limit: Int) throws(TemplateError) -> Value {
        let scalars = text.scalars
        let count = min(limit, scalars.count + 1)
        let (size, overflow) = new.utf8.count.multipliedReportingOverflow(by: count)
        try charge(overflow ? .max : size + text.utf8.count)
        var bytes: [UInt8] = []
        for (index, scalar) in scalars.enumerated() {
            if index < count { bytes.append(new) }
            bytes.append(scalar)
        }
        if count > scalars.count { bytes.append(new) }
        return .string(Text(utf8: bytes))
    }
}
