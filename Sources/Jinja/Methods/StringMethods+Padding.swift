extension StringMethods {
    static let trimming: [Text: Body] = [
        "strip": { (text, arguments, run) throws(TemplateError) in
            try trim("strip", text, arguments, run, atStart: true, atEnd: true)
        },
        "lstrip": { (text, arguments, run) throws(TemplateError) in
            try trim("lstrip", text, arguments, run, atStart: true, atEnd: false)
        },
        "rstrip": { (text, arguments, run) throws(TemplateError) in
            try trim("rstrip", text, arguments, run, atStart: false, atEnd: true)
        },
        "removeprefix": { (text, arguments, run) throws(TemplateError) in
            let prefix = try arguments.bound(1...1, for: "removeprefix", run)[0].text("the prefix", run)
            return try run.make(text.hasPrefix(prefix) ? text.part(prefix.utf8.count..<text.utf8.count) : text)
        },
        "removesuffix": { (text, arguments, run) throws(TemplateError) in
            let suffix = try arguments.bound(1...1, for: "removesuffix", run)[0].text("the suffix", run)
            return try run.make(text.hasSuffix(suffix) ? text.part(0..<text.utf8.count - suffix.utf8.count) : text)
        },
    ]

    private static func trim(
        _ name: String, _ text: Text, _ arguments: Arguments, _ run: Run, atStart: Bool, atEnd: Bool
    ) throws(TemplateError) -> Value {
        let set = try arguments.bound(0...1, for: name, run)[0]
        return try run.trimmed(text, set, atStart: atStart, atEnd: atEnd)
    }

    static let padding: [Text: Body] = [
        "center": { (text, arguments, run) throws(TemplateError) in
            let (width, fill) = try widthAndFill("center", arguments, run)
            let room = width - text.count
            let left = room / 2 + (room & width & 1)
            return try run.padded(text, before: left, after: room - left, with: fill)
        },
        "ljust": { (text, arguments, run) throws(TemplateError) in
            let (width, fill) = try widthAndFill("ljust", arguments, run)
            return try run.padded(text, before: 0, after: width - text.count, with: fill)
        },
        "rjust": { (text, arguments, run) throws(TemplateError) in
            let (width, fill) = try widthAndFill("rjust", arguments, run)
            return try run.padded(text, before: width - text.count, after: 0, with: fill)
        },
        "zfill": { (text, arguments, run) throws(TemplateError) in
            let width = try arguments.bound(1...1, for: "zfill", run)[0].integer(or: 0, "the width", run)
            let hasSign = text.utf8.first == UInt8(ascii: "-") || text.utf8.first == UInt8(ascii: "+")
            let sign = text.part(0..<(hasSign ? 1 : 0))
            let digits = text.part(sign.utf8.count..<text.utf8.count)
            guard width > text.count else { return .string(text) }
            let padded = try run.padded(digits, before: width - text.count, after: 0, with: "0")
            return try run.make(sign + (padded.text ?? digits))
        },
        "expandtabs": { (text, arguments, run) throws(TemplateError) in
            let size = try arguments.bound(to: ["tabsize"], for: "expandtabs", run)[0].integer(or: 8, "tabsize", run)
            var bytes: [UInt8] = []
            var column = 0
            for scalar in text.scalars {
                if scalar == "\t" {
                    let width = size > 0 ? size - column % size : 0
                    try run.charge(width)
                    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: width))
                    column += width
                } else {
                    bytes.append(scalar)
                    column = scalar == "\n" || scalar == "\r" ? 0 : column + 1
                }
            }
            return try run.make(Text(utf8: bytes))
        },
    ]

    private static func widthAndFill(
        _ name: String, _ arguments: Arguments, _ run: Run
    ) throws(TemplateError) -> (width: Int, fill: Text) {
        let values = try arguments.bound(1...2, for: name, run)
        let fill = try values[1].text(or: " ", "the fill character", run)
        guard fill.count == 1 else { throw run.failure("the fill character must be exactly one character long") }
        return (max(0, try values[0].integer(or: 0, "the width", run)), fill)
    }
}

extension Run {
    /// `str.strip` at the chosen ends. Removes white space, or the scalars in `set`.
    func trimmed(_ text: Text, _ set: Value?, atStart: Bool, atEnd: Bool) throws(TemplateError) -> Value {
        guard let set, !set.isNone else {
            return try make(text.part(text.trimmedBytes(atStart: atStart, atEnd: atEnd) { $0.isPythonSpace }))
        }
        let scalars = Set(try Optional(set).text("the characters to strip", self).scalars)
        return try make(text.part(text.trimmedBytes(atStart: atStart, atEnd: atEnd) { scalars.contains($0) }))
    }

    /// Adds copies of `fill` before and after the text. A negative count adds none.
    func padded(_ text: Text, before: Int, after: Int, with fill: Text) throws(TemplateError) -> Value {
        let (before, after) = (max(before, 0), max(after, 0))
        let (count, overflow) = before.addingReportingOverflow(after)
        let (size, isTooMuch) = count.multipliedReportingOverflow(by: fill.utf8.count)
        try charge(overflow || isTooMuch ? .max : size)
        var bytes: [UInt8] = []
        for _ in 0..<before { bytes.append(fill) }
        bytes.append(text)
        for _ in 0..<after { bytes.append(fill) }
        return try make(Text(utf8: bytes))
    }
}
