/// Filters made for HTML, which chat templates seldom use.
extension Filters {
    static let markup: [String: FilterBody] = [
        "e": plain("e") { $0.markupEscaped },
        "escape": plain("escape") { $0.markupEscaped },
        "forceescape": plain("forceescape") { $0.markupEscaped },
        "striptags": { (value, arguments, run) throws(TemplateError) in
            try arguments.expectNone(for: "striptags", run)
            return try run.made(try value.printed(run).withoutTags(run))
        },
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
                parts.append(name.markupEscaped + "=\"" + (try value.printed(run).markupEscaped) + "\"")
            }
            let joined = try run.joined(parts, by: " ")
            return hasSpace && !parts.isEmpty ? try run.made(" " + (joined.text ?? "")) : joined
        },
    ]
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

    /// Without comments and tags, spaces made one, and the five common entities resolved.
    fileprivate func withoutTags(_ run: Run) throws(TemplateError) -> Text {
        var text = self
        for (open, close) in [("<!--", "-->"), ("<", ">")] as [(Text, Text)] {
            while let start = text.first(open, in: 0..<text.utf8.count),
                let end = text.first(close, in: start..<text.utf8.count)
            {
                try run.charge(text.utf8.count)
                text = text.part(0..<start) + text.part(end + close.utf8.count..<text.utf8.count)
            }
        }
        var words: [UInt8] = []
        var isAfterSpace = false
        for scalar in text.trimmed.scalars {
            if !scalar.isPythonSpace {
                words.append(scalar)
            } else if !isAfterSpace {
                words.append(" " as Unicode.Scalar)
            }
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
