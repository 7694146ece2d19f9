extension Filters {
    static let access: [String: FilterBody] = [
        "default": fallback("default"),
        "d": fallback("d"),
        "attr": { (value, arguments, run) throws(TemplateError) in
            let name = try arguments.bound(to: ["name"], required: 1, for: "attr", run)[0].text("the name", run)
            if case .undefined = value { return try value.attributeOrItem(name, run) }
            return try value.attribute(name, run) ?? Undefined.attribute(name, of: value)
        },
        "tojson": { (value, arguments, run) throws(TemplateError) in
            let names: [Text] = ["ensure_ascii", "indent", "separators", "sort_keys"]
            let values = try arguments.bound(to: names, for: "tojson", run)
            var writer = JSONText(run, value: value)
            writer.isASCII = try values[0].isTrue(or: false, run)
            writer.sortsKeys = try values[3].isTrue(or: false, run)
            try writer.setIndent(values[1])
            try writer.setSeparators(values[2])
            return try run.make(try writer.text())
        },
        "random": refused("random"),
        "urlize": refused("urlize"),
        "pprint": refused("pprint"),
    ]

    /// Refuses a jinja2 filter that no chat template needs. `random`, for one, would make the output vary.
    private static func refused(_ name: String) -> FilterBody {
        { (_, _, run) throws(TemplateError) in throw run.failure("the filter '\(name)' is not supported") }
    }

    private static func fallback(_ name: String) -> FilterBody {
        { (value, arguments, run) throws(TemplateError) in
            let values = try arguments.bound(to: ["default_value", "boolean"], for: name, run)
            if value.isUndefined { return values[0] ?? .string(.empty) }
            guard try values[1].isTrue(or: false, run), !(try value.isTrue(run)) else { return value }
            return values[0] ?? .string(.empty)
        }
    }
}
