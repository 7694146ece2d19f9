extension StringMethods {
    static let searching: [Text: Body] = [
        "startswith": { (text, arguments, run) throws(TemplateError) in
            try hasEnd("startswith", text, arguments, run) { $0.hasPrefix($1) }
        },
        "endswith": { (text, arguments, run) throws(TemplateError) in
            try hasEnd("endswith", text, arguments, run) { $0.hasSuffix($1) }
        },
        "find": { (text, arguments, run) throws(TemplateError) in
            .int(try position("find", text, arguments, run, fromStart: true) ?? -1)
        },
        "rfind": { (text, arguments, run) throws(TemplateError) in
            .int(try position("rfind", text, arguments, run, fromStart: false) ?? -1)
        },
        "index": { (text, arguments, run) throws(TemplateError) in
            guard let position = try position("index", text, arguments, run, fromStart: true) else {
                throw run.failure("substring not found")
            }
            return .int(position)
        },
        "rindex": { (text, arguments, run) throws(TemplateError) in
            guard let position = try position("rindex", text, arguments, run, fromStart: false) else {
                throw run.failure("substring not found")
            }
            return .int(position)
        },
        "count": { (text, arguments, run) throws(TemplateError) in
            let values = try arguments.bound(1...3, for: "count", run)
            let pattern = try values[0].text("the text to count", run)
            guard let range = try bytes(of: text, values[1], values[2], run) else { return .int(0) }
            let part = text.part(range)
            return .int(pattern.isEmpty ? part.count + 1 : try part.offsets(of: pattern, run).count)
        },
    ]

    private static func hasEnd(
        _ name: String, _ text: Text, _ arguments: Arguments, _ run: Run, _ matches: (Text, Text) -> Bool
    ) throws(TemplateError) -> Value {
        let values = try arguments.bound(1...3, for: name, run)
        var patterns: [Text] = []
        if case .tuple(let tuple)? = values[0] {
            for element in tuple.elements { patterns.append(try Optional(element).text("each of the tuple", run)) }
        } else {
            patterns = [try values[0].text("the first argument of \(name)()", run)]
        }
        guard let range = try bytes(of: text, values[1], values[2], run) else { return .bool(false) }
        let part = text.part(range)
        return .bool(patterns.contains { matches(part, $0) })
    }

    private static func position(
        _ name: String, _ text: Text, _ arguments: Arguments, _ run: Run, fromStart: Bool
    ) throws(TemplateError) -> Int? {
        let values = try arguments.bound(1...3, for: name, run)
        let pattern = try values[0].text("the text to find", run)
        guard let range = try bytes(of: text, values[1], values[2], run) else { return nil }
        let position = fromStart ? text.first(pattern, in: range) : text.last(pattern, in: range)
        return position.map { text.index(ofByte: $0) }
    }

    /// The byte range between two slice indices; nil if the first is beyond the second or the end.
    private static func bytes(
        of text: Text, _ start: Value?, _ end: Value?, _ run: Run
    ) throws(TemplateError) -> Range<Int>? {
        if start.isAbsent && end.isAbsent { return 0..<text.utf8.count }
        let count = text.count
        let from = start.isAbsent ? 0 : try start.integer(or: 0, "the start", run)
        let to = end.isAbsent ? count : try end.integer(or: count, "the end", run)
        let (first, last, _) = SliceBounds(start: from, stop: to, step: 1).indices(count: count)
        guard from <= count, first <= last else { return nil }
        return text.byteOffset(of: first)..<text.byteOffset(of: last)
    }
}
