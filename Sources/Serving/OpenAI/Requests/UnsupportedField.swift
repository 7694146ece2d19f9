import JSON

/// Names of OpenAI's fields that are not implemented.
protocol UnsupportedField: CodingKey, CaseIterable {
    /// Values that change nothing and are accepted.
    var harmless: [JSONValue] { get }
}

extension Decoder {
    /// - Throws: `APIError` naming a field with a value that is not harmless.
    func refuse<Field: UnsupportedField>(_ fields: Field.Type) throws {
        let container = try container(keyedBy: fields)
        for field in fields.allCases {
            let value = try container.decodeIfPresent(JSONValue.self, forKey: field)
            guard let value, !field.harmless.contains(value) else { continue }
            let name = field.stringValue
            throw APIError.invalid("\(name) is not implemented; leave it out", field: name, code: "unsupported_field")
        }
    }

    /// - Throws: `APIError` naming the first field that is not in `known`.
    func refuseFields(notIn known: [String]) throws {
        let fields = try container(keyedBy: FieldName.self).allKeys
        guard let other = fields.map(\.stringValue).first(where: { !known.contains($0) }) else { return }
        throw APIError.invalid(
            "there is no field \(quoted(other)); leave it out", field: other, code: "unknown_field")
    }
}

extension CodingKey where Self: CaseIterable {
    static var names: [String] { allCases.map(\.stringValue) }
}
