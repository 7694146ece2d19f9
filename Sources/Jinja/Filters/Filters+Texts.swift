extension Filters {
    static let texts: [String: FilterBody] = [
        "upper": unary("upper", keepsMark: true) { $0.uppercased },
        "lower": unary("lower", keepsMark: true) { $0.lowercased },
        "capitalize": unary("capitalize", keepsMark: true) { $0.capitalized },
        "title": unary("title") { $0.wordsCapitalized },
        "string": unary("string") { $0 },
        "safe": unary("safe") { $0.marked() },
        "trim": { (value, arguments, run) throws(TemplateError) in
            let set = try arguments.bound(to: ["chars"], for: "trim", run)[0]
            let text = try value.printed(run)
            try run.scan(text)
            return try run.trimmed(text, set, atStart: true, atEnd: true).marked(text.isMarkup)
        },
        "replace": { (value, arguments, run) throws(TemplateError) in
            let values = try arguments.bound(to: ["old", "new", "count"], required: 2, for: "replace", run)
            let count = values[2].isAbsent ? -1 : try values[2].integer(or: -1, "the count", run)
            return try run.replaced(
                try value.printed(run).marked(false), try (values[0] ?? .none).printed(run),
                try (values[1] ?? .none).printed(run),
                count: count)
        },
        "center": { (value, arguments, run) throws(TemplateError) in
            let width = max(
                0, try arguments.bound(to: ["width"], for: "center", run)[0].integer(or: 80, "the width", run))
            let text = try value.printed(run)
            let room = width - text.count
            let left = room / 2 + (room & width & 1)
            return try run.padded(text, before: left, after: room - left, with: " ").marked(text.isMarkup)
        },
        "join": { (value, arguments, run) throws(TemplateError) in
            let values = try arguments.bound(to: ["d", "attribute"], for: "join", run)
            let path = try run.attributePath(values[1])
            let separator = try (values[0] ?? .string(.empty)).printed(run)
            var parts: [Text] = []
            let iterator = try value.iterator(run)
            while let element = try iterator.next(run) {
                try run.spend(1)
                let part = try path.value(of: element, run).printed(run)
                try run.charge(part.utf8.count)
                parts.append(part)
            }
            return try run.joined(parts, by: separator)
        },
        "format": { (value, arguments, run) throws(TemplateError) in
            guard arguments.positional.isEmpty || arguments.named.isEmpty else {
                throw run.failure("format: positional and keyword arguments cannot be used at the same time")
            }
            let mapping = MappingValue()
            for (name, value) in arguments.named { mapping.set(name, value) }
            let values: Value = arguments.named.isEmpty ? .tuple(arguments.positional) : .mapping(mapping)
            let format = try value.printed(run)
            return try run.make(try PercentFormat(format, run).text(with: values).marked(format.isMarkup))
        },
        "wordcount": { (value, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: "wordcount", run)
            var (count, isInside) = (0, false)
            for scalar in try value.printed(run).scalars {
                let isWord = scalar.isWordCharacter
                if isWord, !isInside { count += 1 }
                isInside = isWord
            }
            return .int(count)
        },
        "urlencode": { (value, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: "urlencode", run)
            let pairs: [Value]
            switch value {
            case .mapping(let mapping): pairs = MappingView(.items, of: mapping).elements
            case .list, .tuple, .object: pairs = try value.elements(run)
            case .undefined: pairs = []
            default: return try run.make(try value.printed(run).percentEncoded(keeping: UInt8(ascii: "/")))
            }
            var parts: [Text] = []
            for pair in pairs {
                let parted = try pair.elements(run)
                guard parted.count == 2 else { throw run.failure("urlencode: takes pairs of key and value") }
                let key = try parted[0].printed(run).percentEncoded(keeping: nil)
                parts.append(key + "=" + (try parted[1].printed(run).percentEncoded(keeping: nil)))
            }
            return try run.joined(parts, by: "&")
        },
    ]
}

extension Text {
    /// jinja2's `title`: upper case after white space and opening brackets, lower case elsewhere.
    fileprivate var wordsCapitalized: Text {
        var bytes: [UInt8] = []
        var word: [Unicode.Scalar] = []
        func flush() {
            guard let first = word.first else { return }
            bytes.append(Text([first]).uppercased)
            bytes.append(Text(word.dropFirst()).lowercased)
            word = []
        }
        for scalar in scalars {
            if scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar) {
                flush()
                bytes.append(scalar)
            } else {
                word.append(scalar)
            }
        }
        flush()
        return Text(utf8: bytes)
    }

    /// Percent-encodes for a path; if `kept` is nil, for a query, where spaces become `+`.
    fileprivate func percentEncoded(keeping kept: UInt8?) -> Text {
        var bytes: [UInt8] = []
        for byte in utf8 {
            let scalar = Unicode.Scalar(byte)
            if scalar.isASCIIWordCharacter || "-.~".utf8.contains(byte) || byte == kept {
                bytes.append(byte)
            } else if kept == nil, byte == UInt8(ascii: " ") {
                bytes.append(UInt8(ascii: "+"))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                bytes.append("%" + (digits.count < 2 ? "0" : "") + digits)
            }
        }
        return Text(utf8: bytes, isASCII: true)
    }
}

extension Unicode.Scalar {
    /// Whether Python's `\w` matches the scalar.
    var isWordCharacter: Bool {
        if isASCII { return isASCIIWordCharacter }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
        default: return properties.numericType != nil
        }
    }

    fileprivate var isASCIIWordCharacter: Bool {
        switch self {
        case "0"..."9", "a"..."z", "A"..."Z", "_": true
        default: false
        }
    }
}
