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

    /// The fields that are not in `known`, which have no effect.
    ///
    /// - Throws: `APIError` naming the first one, if the server is strict.
    func fields(notIn known: [String], for served: ServedModel) throws -> [String] {
        let others = try container(keyedBy: FieldName.self).allKeys.map(\.stringValue).filter { !known.contains($0) }
        guard let first = others.first, served.limits.isStrict else { return others }
        throw APIError.invalid(
            "there is no field \(quoted(first)); leave it out", field: first, code: "unknown_field")
    }
}

extension CodingKey where Self: CaseIterable {
    static var names: [String] { allCases.map(\.stringValue) }
}
