/// The formats of texts that schemas name, as regular expressions.
enum StringFormat {
    /// The pattern of a format; nil for formats that any text has.
    ///
    /// - Throws: `ConstraintError.schema` for an unknown format.
    static func pattern(_ name: String, at schema: SchemaPlace) throws(ConstraintError) -> Pattern? {
        if free.contains(name) { return nil }
        guard let expression = expressions[name] else {
            throw schema.problem(
                "the format '\(name)' is not supported; give one of \(expressions.keys.sorted().joined(separator: ", ")), "
                    + "or a pattern")
        }
        return try PatternParser.whole(expression)
    }

    /// Formats that are notes for people and programs.
    private static let free: Set = [
        "password", "binary", "path", "file-path", "directory-path", "int32", "int64", "uint32", "uint64", "float",
        "double",
    ]

    private static let date =
        "[0-9]{4}-((01|03|05|07|08|10|12)-(0[1-9]|[12][0-9]|3[01])|(04|06|09|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    private static let time = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?"
    private static let zone = "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
    private static let byte = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
    private static let label = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"

    private static let expressions: [String: String] = [
        // Years from 0001, which programs' calendars have.
        "date": "(0{3}[1-9]|0{2}[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})\(date.dropFirst(8))",
        "time": time + zone,
        "date-time": "(0{3}[1-9]|0{2}[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})\(date.dropFirst(8))T\(time)\(zone)",
        "duration": "P([0-9]{1,4}W|[0-9]{1,4}D(T[0-9]{1,4}(H([0-9]{1,4}M)?|M|S))?|T[0-9]{1,4}(H([0-9]{1,4}M)?|M|S))",
        "email": "[A-Za-z0-9_+-]+(\\.[A-Za-z0-9_+-]+){0,8}@(\(label)\\.){1,4}[A-Za-z]{2,24}",
        "hostname": "(\(label)\\.){0,4}[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?",
        "ipv4": "(\(byte)\\.){3}\(byte)",
        "ipv6":
            "([0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|([0-9A-Fa-f]{1,4}:){1,6}:[0-9A-Fa-f]{1,4}|::[0-9A-Fa-f]{1,4}|::",
        "uuid": "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        "uri":
            "[A-Za-z][A-Za-z0-9+.-]{0,15}://(\(label)\\.){0,6}\(label)(:[0-9]{1,4})?(/[A-Za-z0-9._~!$&'()*+,;=:@-]*)*"
            + "(\\?[A-Za-z0-9._~!$&'()*+,;=:@/?-]*)?(#[A-Za-z0-9._~!$&'()*+,;=:@/?-]*)?",
    ]
}
