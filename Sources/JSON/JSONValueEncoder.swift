extension JSONValue {
    /// Encodes `value` as JSON.
    ///
    /// Unlike Foundation's `JSONEncoder`, this keeps the order of fields and distinguishes canonically equivalent
    /// names. Non-finite numbers are not errors (see `text`).
    package init(encoding value: some Encodable) throws { self = try JSONValueEncoder.json(value) }
}

/// Encodes one value. Its containers add to it.
private final class JSONValueEncoder: Encoder {
    /// A complete value, or one that a nested container still extends.
    private enum Part {
        case value(JSONValue)
        case nested(JSONValueEncoder)

        var json: JSONValue {
            switch self {
            case .value(let value): value
            case .nested(let encoder): encoder.json
            }
        }
    }

    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]
    private var scalar = JSONValue.null
    private var fields: [(name: String, part: Part)]?
    private var elements: [Part]?

    static func json(_ value: some Encodable) throws -> JSONValue {
        switch value {
        case let value as JSONValue: return value
        case let text as String: return .string(text)
        case let truth as Bool: return .bool(truth)
        case let number as Int: return .int(number)
        case let number as any FixedWidthInteger:
            return Int(exactly: number).map { .int($0) } ?? .double(Double(number))
        case let number as Double: return .double(number)
        case let number as Float: return .double(Double(number))
        default:
            let encoder = JSONValueEncoder()
            try value.encode(to: encoder)
            return encoder.json
        }
    }

    var json: JSONValue {
        if let elements { return .array(elements.map(\.json)) }
        guard let fields else { return scalar }
        var object = JSONObject()
        for field in fields { object[field.name] = field.part.json }
        return .object(object)
    }

    var count: Int { elements?.count ?? 0 }

    func set(_ value: JSONValue) { scalar = value }
    func append(_ value: JSONValue) { elements?.append(.value(value)) }
    func append(_ value: JSONValue, named name: String) { fields?.append((name, .value(value))) }

    func nested() -> JSONValueEncoder {
        let encoder = JSONValueEncoder()
        elements?.append(.nested(encoder))
        return encoder
    }

    func nested(named name: String) -> JSONValueEncoder {
        let encoder = JSONValueEncoder()
        fields?.append((name, .nested(encoder)))
        return encoder
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        fields = fields ?? []
        return KeyedEncodingContainer(FieldContainer<Key>(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        elements = elements ?? []
        return ElementContainer(encoder: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { ScalarContainer(encoder: self) }
}

private struct FieldContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: JSONValueEncoder

    var codingPath: [any CodingKey] { encoder.codingPath }

    func encodeNil(forKey key: Key) { encoder.append(.null, named: key.stringValue) }

    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        encoder.append(try JSONValueEncoder.json(value), named: key.stringValue)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> { encoder.nested(named: key.stringValue).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        encoder.nested(named: key.stringValue).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { encoder.nested(named: "super") }
    func superEncoder(forKey key: Key) -> any Encoder { encoder.nested(named: key.stringValue) }
}

private struct ElementContainer: UnkeyedEncodingContainer {
    let encoder: JSONValueEncoder

    var codingPath: [any CodingKey] { encoder.codingPath }
    var count: Int { encoder.count }

    func encodeNil() { encoder.append(.null) }
    func encode<T: Encodable>(_ value: T) throws { encoder.append(try JSONValueEncoder.json(value)) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        encoder.nested().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder.nested().unkeyedContainer() }
    func superEncoder() -> any Encoder { encoder.nested() }
}

private struct ScalarContainer: SingleValueEncodingContainer {
    let encoder: JSONValueEncoder

    var codingPath: [any CodingKey] { encoder.codingPath }

    func encodeNil() { encoder.set(.null) }
    func encode<T: Encodable>(_ value: T) throws { encoder.set(try JSONValueEncoder.json(value)) }
}
