import JSON

/// A schema within a document, and where it stands there.
struct SchemaPlace: Sendable {
    /// A JSON pointer as a fragment, `#/properties/name`.
    let pointer: String
    let value: JSONValue

    static let any = SchemaPlace(pointer: "any", value: .bool(true))

    /// The value of a field, as a place.
    func child(_ path: String..., of value: JSONValue) -> SchemaPlace {
        let escaped = path.map { $0.replacing("~", with: "~0").replacing("/", with: "~1") }
        return SchemaPlace(pointer: ([pointer] + escaped).joined(separator: "/"), value: value)
    }

    func child(_ name: String) -> SchemaPlace? { value[name].map { child(name, of: $0) } }

    func problem(_ text: String) -> ConstraintError { .schema(place: pointer, problem: text) }

    func unsupported(_ keyword: String) -> ConstraintError { problem("\(quoted(keyword)) is not supported") }

    /// The limit of a keyword; nil without it.
    ///
    /// - Throws: `ConstraintError.schema` for a value that is no count.
    func count(_ keyword: String) throws(ConstraintError) -> Int? {
        guard let value = value[keyword] else { return nil }
        guard let number = value.doubleValue, number >= 0, number == number.rounded(), number < 1e9 else {
            throw problem("\(quoted(keyword)) is \(value); give a number from 0")
        }
        return Int(number)
    }

    /// The schemas in a keyword's array; nil without it.
    func list(_ keyword: String) throws(ConstraintError) -> [SchemaPlace]? {
        guard let value = value[keyword] else { return nil }
        guard let elements = value.arrayValue else { throw problem("\(quoted(keyword)) should be an array") }
        return elements.enumerated().map { child(keyword, String($0), of: $1) }
    }
}
