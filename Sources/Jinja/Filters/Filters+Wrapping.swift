extension Filters {
    static let wrapping: [String: FilterBody] = [
        "indent": { (value, arguments, run) throws(TemplateError) in
            let values = try arguments.bound(to: ["width", "first", "blank"], for: "indent", run)
            guard let text = value.text else {
                if case .undefined(let undefined) = value { throw run.failure(undefined.message) }
                throw run.failure("indent: takes a string, not \(value.typeName)")
            }
            let indent: Text
            if let given = values[0]?.text {
                indent = given
            } else {
                let width = max(0, try values[0].integer(or: 4, "the width", run))
                try run.charge(width)
                indent = Text(utf8: Array(repeating: UInt8(ascii: " "), count: width), isASCII: true)
            }
            let indentsBlank = try values[2].isTrue(or: false, run)
            let indentsFirst = try values[1].isTrue(or: false, run)
            let lines = try (text + "\n").lines(keepingEnds: false, run)
            var bytes = indentsFirst ? indent.utf8 : []
            for (index, line) in lines.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: "\n")) }
                if index > 0, indentsBlank || !line.isEmpty {
                    try run.charge(indent.utf8.count)
                    bytes.append(indent)
                }
                bytes.append(line)
            }
            return try run.make(Text(utf8: bytes).marked(text.isMarkup))
        },
        "truncate": { (value, arguments, run) throws(TemplateError) in
            let values = try arguments.bound(to: ["length", "killwords", "end", "leeway"], for: "truncate", run)
            let length = try values[0].integer(or: 255, "the length", run)
            let end = try values[2].text(or: "...", "the end", run)
            let leeway = values[3].isAbsent ? 5 : try values[3].integer(or: 5, "the leeway", run)
            guard length >= end.count, leeway >= 0 else { throw run.failure("truncate: the length is too small") }
            guard let count = try value.length(run) else {
                throw run.failure("truncate: takes a string, not \(value.typeName)")
            }
            guard count - leeway > length else { return value }
            guard let text = value.text else { throw run.failure("truncate: takes a string, not \(value.typeName)") }
            let kept = text.slice(0..<(length - end.count))
            if try values[1].isTrue(or: false, run) { return try run.make(kept + end) }
            let cut = kept.last(" ", in: 0..<kept.utf8.count) ?? kept.utf8.count
            return try run.make(kept.part(0..<cut) + end)
        },
        "wordwrap": { (value, arguments, run) throws(TemplateError) in
            let names: [Text] = ["width", "break_long_words", "wrapstring", "break_on_hyphens"]
            let values = try arguments.bound(to: names, for: "wordwrap", run)
            guard let text = value.text else { throw run.failure("wordwrap: takes a string, not \(value.typeName)") }
            let wrapper = WordWrapper(
                width: try values[0].integer(or: 79, "the width", run),
                breaksLongWords: try values[1].isTrue(or: true, run),
                breaksOnHyphens: try values[3].isTrue(or: true, run))
            guard wrapper.width > 0 else { throw run.failure("wordwrap: the width must be greater than 0") }
            let end = values[2].isAbsent ? "\n" : try values[2].text("the wrapstring", run)
            var lines: [Text] = []
            for line in try text.lines(keepingEnds: false, run) {
                try run.charge(64 * line.utf8.count)
                lines.append((try run.joined(wrapper.lines(of: line), by: end)).text ?? "")
            }
            return try run.joined(lines, by: end)
        },
    ]
}

/// Wraps one line as Python's `textwrap` does.
struct WordWrapper {
    let width: Int
    let breaksLongWords: Bool
    let breaksOnHyphens: Bool

    func lines(of text: Text) -> [Text] {
        var chunks = Array(chunks(of: text.scalars).reversed())
        var lines: [Text] = []
        while !chunks.isEmpty {
            if !lines.isEmpty, let first = chunks.last, first.isBlank { chunks.removeLast() }
            var (line, length): ([ArraySlice<Unicode.Scalar>], Int) = ([], 0)
            while let chunk = chunks.last, length + chunk.count <= width {
                chunks.removeLast()
                line.append(chunk)
                length += chunk.count
            }
            if let chunk = chunks.last, chunk.count > width {
                takePart(of: chunk, &chunks, &line, room: max(width - length, 0))
            }
            if let last = line.last, last.isBlank { line.removeLast() }
            if !line.isEmpty { lines.append(Text(line.joined())) }
        }
        return lines
    }

    /// Breaks a chunk that fits on no line, or puts it on a line of its own.
    private func takePart(
        of chunk: ArraySlice<Unicode.Scalar>, _ chunks: inout [ArraySlice<Unicode.Scalar>],
        _ line: inout [ArraySlice<Unicode.Scalar>], room: Int
    ) {
        if breaksLongWords {
            var width = max(room, 1)
            let fitting = chunk.prefix(room)
            if breaksOnHyphens, chunk.count > room, let hyphen = fitting.lastIndex(of: "-"), hyphen > chunk.startIndex,
                fitting[..<hyphen].contains(where: { $0 != "-" })
            {
                width = hyphen + 1 - chunk.startIndex
            }
            line.append(chunk.prefix(width))
            chunks[chunks.count - 1] = chunk.dropFirst(width)
        } else if line.isEmpty {
            line.append(chunks.removeLast())
        }
    }

    /// Splits into words and the white space between them. A word may end at a hyphen between letters.
    private func chunks(of scalars: [Unicode.Scalar]) -> [ArraySlice<Unicode.Scalar>] {
        var chunks: [ArraySlice<Unicode.Scalar>] = []
        var start = 0
        for index in scalars.indices.dropFirst() {
            let last = scalars[index - 1]
            let isBreak =
                scalars[index].isWrapSpace != last.isWrapSpace
                || breaksOnHyphens && last == "-" && canBreak(scalars, after: index - 1)
            guard isBreak else { continue }
            chunks.append(scalars[start..<index])
            start = index
        }
        return scalars.isEmpty ? [] : chunks + [scalars[start...]]
    }

    private func canBreak(_ scalars: [Unicode.Scalar], after hyphen: Int) -> Bool {
        guard hyphen >= 2, hyphen + 2 < scalars.count else { return false }
        func isLetter(_ index: Int) -> Bool {
            scalars[index].isWordCharacter && scalars[index].properties.numericType == nil && scalars[index] != "_"
        }
        return isLetter(hyphen - 1) && isLetter(hyphen - 2) && isLetter(hyphen + 1) && isLetter(hyphen + 2)
    }
}

extension ArraySlice<Unicode.Scalar> {
    fileprivate var isBlank: Bool { allSatisfy { $0.isPythonSpace } }
}

extension Unicode.Scalar {
    fileprivate var isWrapSpace: Bool { (0x09...0x0D).contains(value) || value == 0x20 }
}
