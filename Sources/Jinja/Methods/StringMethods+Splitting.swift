extension StringMethods {
    static let splitting: [Text: Body] = [
        "split": { (text, arguments, run) throws(TemplateError) in
            try split("split", text, arguments, run, fromStart: true)
        },
        "rsplit": { (text, arguments, run) throws(TemplateError) in
            try split("rsplit", text, arguments, run, fromStart: false)
        },
        "splitlines": { (text, arguments, run) throws(TemplateError) in
            let keepsEnds = try arguments.bound(to: ["keepends"], for: "splitlines", run)[0].isTrue(or: false, run)
            return try run.make(texts: try text.lines(keepingEnds: keepsEnds, run))
        },
        "partition": { (text, arguments, run) throws(TemplateError) in
            let separator = try separator("partition", arguments, run)
            guard let offset = text.first(separator, in: 0..<text.utf8.count) else {
                return try run.make(tuple: [.string(text), .string(.empty), .string(.empty)])
            }
            return try parts(of: text, around: offset, separator, run)
        },
        "rpartition": { (text, arguments, run) throws(TemplateError) in
            let separator = try separator("rpartition", arguments, run)
            guard let offset = text.last(separator, in: 0..<text.utf8.count) else {
                return try run.make(tuple: [.string(.empty), .string(.empty), .string(text)])
            }
            return try parts(of: text, around: offset, separator, run)
        },
    ]

    private static func separator(_ name: String, _ arguments: Arguments, _ run: Run) throws(TemplateError) -> Text {
        let separator = try arguments.bound(1...1, for: name, run)[0].text("the separator", run)
        guard !separator.isEmpty else { throw run.failure("empty separator") }
        return separator
    }

    private static func parts(
        of text: Text, around offset: Int, _ separator: Text, _ run: Run
    ) throws(TemplateError) -> Value {
        try run.charge(text.utf8.count)
        return try run.make(tuple: [
            .string(text.part(0..<offset)), .string(separator),
            .string(text.part(offset + separator.utf8.count..<text.utf8.count)),
        ])
    }

    private static func split(
        _ name: String, _ text: Text, _ arguments: Arguments, _ run: Run, fromStart: Bool
    ) throws(TemplateError) -> Value {
        let values = try arguments.bound(to: ["sep", "maxsplit"], for: name, run)
        let limit = try values[1].integer(or: -1, "maxsplit", run)
        let most = limit < 0 ? Int.max : limit
        guard !values[0].isAbsent else {
            let words = fromStart ? try text.words(atMost: most, run) : try text.wordsFromEnd(atMost: most, run)
            return try run.make(texts: words)
        }
        let separator = try values[0].text("the separator", run)
        guard !separator.isEmpty else { throw run.failure("empty separator") }
        var offsets = try text.offsets(of: separator, atMost: most, fromEnd: !fromStart, run)
        offsets.append(text.utf8.count)
        var parts: [Text] = []
        var start = 0
        for offset in offsets {
            try run.chargePiece()
            parts.append(text.part(start..<offset))
            start = offset + separator.utf8.count
        }
        return try run.make(texts: parts)
    }
}

extension Run {
    func make(texts: [Text]) throws(TemplateError) -> Value {
        for text in texts { try charge(text.utf8.count + 32) }
        return try make(texts.map { .string($0) })
    }
}

extension Text {
    /// `str.splitlines`.
    func lines(keepingEnds: Bool, _ run: Run) throws(TemplateError) -> [Text] {
        var lines: [Text] = []
        var (start, offset) = (0, 0)
        while offset < utf8.count {
            let (scalar, width) = scalar(at: offset)
            let end = offset
            offset += width
            guard scalar.isPythonLineEnd else { continue }
            if scalar == "\r", offset < utf8.count, utf8[offset] == UInt8(ascii: "\n") { offset += 1 }
            try run.chargePiece()
            lines.append(part(start..<(keepingEnds ? offset : end)))
            start = offset
        }
        if start < utf8.count { lines.append(part(start..<utf8.count)) }
        return lines
    }

    /// `str.split()`: words separated by white space. After `limit` splits, the remainder is the last one.
    fileprivate func words(atMost limit: Int, _ run: Run) throws(TemplateError) -> [Text] {
        var words: [Text] = []
        var rest = trimmedBytes(atStart: true, atEnd: false) { $0.isPythonSpace }
        while !rest.isEmpty {
            try run.chargePiece()
            guard words.count < limit else {
                words.append(part(rest))
                break
            }
            var end = rest.lowerBound
            while end < rest.upperBound, !scalar(at: end).scalar.isPythonSpace { end += scalar(at: end).width }
            words.append(part(rest.lowerBound..<end))
            while end < rest.upperBound, scalar(at: end).scalar.isPythonSpace { end += scalar(at: end).width }
            rest = end..<rest.upperBound
        }
        return words
    }

    /// `str.rsplit()`: as `words`, from the end.
    fileprivate func wordsFromEnd(atMost limit: Int, _ run: Run) throws(TemplateError) -> [Text] {
        let backwards = Text(scalars.reversed())
        return try backwards.words(atMost: limit, run).reversed().map { Text($0.scalars.reversed()) }
    }
}

extension Run {
    /// Charges for one piece of a split text.
    fileprivate func chargePiece() throws(TemplateError) { try charge(2 * MemoryLayout<Value>.stride + 32) }
}
