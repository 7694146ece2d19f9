/// Filters for HTML, rare in chat templates.
extension Filters {
    static let markup: [String: FilterBody] = [
        "e": unary("e") { $0.isMarkup ? $0 : $0.markupEscaped.marked() },
        "escape": unary("escape") { $0.isMarkup ? $0 : $0.markupEscaped.marked() },
        "forceescape": unary("forceescape") { $0.markupEscaped.marked() },
        "striptags": unary("striptags") { $0.withoutTags },
        "xmlattr": { (value, arguments, run) throws(TemplateError) in
            let hasSpace = try arguments.bound(to: ["autospace"], for: "xmlattr", run)[0].isTrue(or: true, run)
            guard case .mapping(let mapping) = value else {
                if case .undefined(let undefined) = value { throw run.failure(undefined.message) }
                throw run.failure("xmlattr: takes a mapping, not \(value.typeName)")
            }
            var parts: [Text] = []
            for (key, value) in zip(mapping.keys, mapping.values) where !value.isNone && !value.isUndefined {
                let name = try Optional(key).text("each key of xmlattr", run)
                guard
                    !name.scalars.contains(where: {
                        ($0.isASCII && $0.isPythonSpace && $0.value < 0x1C || $0 == " ")
                            || "/>=".unicodeScalars.contains($0)
                    })
                else { throw run.failure("invalid character in attribute name: \(name.pythonQuoted.string)") }
                parts.append((try run.escaped(name)) + "=\"" + (try run.escaped(value.printed(run))) + "\"")
            }
            let joined = try run.joined(parts, by: " ")
            return hasSpace && !parts.isEmpty ? try run.make(" " + (joined.text ?? "")) : joined
        },
    ]
}

extension Run {
    /// Escapes HTML's special characters, unless the text is marked safe.
    func escaped(_ text: Text) throws(TemplateError) -> Text {
        guard !text.isMarkup else { return text }
        try charge(text.utf8.count)
        return text.markupEscaped
    }

    /// Escapes the arguments of a method of a safe text where they become part of the result.
    func escaped(_ arguments: Arguments, for method: Text) throws(TemplateError) -> Arguments {
        var result = arguments
        switch method {
        case "join":
            var parts: [Value] = []
            for part in try (arguments.positional.first ?? .none).elements(self) {
                parts.append(.string(try escaped(part.printed(self))))
            }
            result.positional = [try make(parts)]
        case "replace", "ljust", "rjust", "center":
            if let last = arguments.positional.indices.dropFirst().first, let text = arguments.positional[last].text {
                result.positional[last] = .string(try escaped(text))
            }
        default: break
        }
        return result
    }
}

extension Value {
    /// Marks a text, or the texts in a list, as safe.
    func marked(_ isMarkup: Bool = true) -> Value {
        guard isMarkup else { return self }
        return switch self {
        case .string(let text): .string(text.marked())
        case .list(let list): .list(list.elements.map { $0.marked() })
        case .tuple(let list): .tuple(list.elements.map { $0.marked() })
        default: self
        }
    }
}

extension Text {
    fileprivate var markupEscaped: Text {
        var bytes: [UInt8] = []
        for byte in utf8 {
            switch Unicode.Scalar(byte) {
            case "&": bytes.append("&amp;")
            case "<": bytes.append("&lt;")
            case ">": bytes.append("&gt;")
            case "'": bytes.append("&#39;")
            case "\"": bytes.append("&#34;")
            default: bytes.append(byte)
            }
        }
        return Text(utf8: bytes, isASCII: isASCII)
    }

    /// Removes comments and tags, collapses white space and resolves the most common entities.
    fileprivate var withoutTags: Text {
        var (kept, position): ([UInt8], Int) = ([], 0)
        while let start = first("<", in: position..<utf8.count) {
            let isComment = utf8[start...].starts(with: "<!--".utf8)
            let close: Text = isComment ? "-->" : ">"
            let from = min(start + (isComment ? 4 : 0), utf8.count)
            guard let end = first(close, in: from..<utf8.count) else { break }
            kept.append(contentsOf: utf8[position..<start])
            position = end + close.utf8.count
        }
        kept.append(contentsOf: utf8[position...])
        var words: [UInt8] = []
        var isAfterSpace = false
        for scalar in Text(utf8: kept).trimmed.scalars {
            if !scalar.isPythonSpace { words.append(scalar) } else if !isAfterSpace { words.append(UInt8(ascii: " ")) }
            isAfterSpace = scalar.isPythonSpace
        }
        var result = String(decoding: words, as: UTF8.self)
        for (entity, character) in [
            ("&lt;", "<"), ("&gt;", ">"), ("&#34;", "\""), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&"),
        ] {
            result = result.replacing(entity, with: character)
        }
        return Text(result)
    }
}
