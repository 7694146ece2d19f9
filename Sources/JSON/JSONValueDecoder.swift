/// Decodes `Decodable` types from a parsed value.
///
/// Foundation's `JSONDecoder` would parse the text again by other rules: it accepts duplicate fields and does not keep
/// their order.
package struct JSONValueDecoder: Decoder {
    package let value: JSONValue
    package var codingPath: [any CodingKey] = []
    package let userInfo: [CodingUserInfoKey: Any] = [:]

    package init(_ value: JSONValue) { self.value = value }

    package func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard let object = value.objectValue else { throw mismatch(JSONObject.self) }
        return KeyedDecodingContainer(FieldContainer<Key>(object: object, decoder: self))
    }

    package func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard let elements = value.arrayValue else { throw mismatch([JSONValue].self) }
        return ElementContainer(elements: elements, decoder: self)
    }

    package func singleValueContainer() -> any SingleValueDecodingContainer { ScalarContainer(decoder: self) }

    fileprivate func decode<T: Decodable>(_ type: T.Type) throws -> T {
        let scalar: Any? =
            switch type {
            case is Bool.Type: value.boolValue
            case let type as any FixedWidthInteger.Type: value.wholeNumber.flatMap { type.init(exactly: $0) }
            case is Double.Type: value.doubleValue
            case is Float.Type: value.doubleValue.map { Float($0) }
            case is String.Type: value.stringValue
            default: try T(from: self)
            }
        guard let result = scalar as? T else { throw mismatch(type) }
        return result
    }

    fileprivate func nested(_ value: JSONValue, at key: any CodingKey) -> JSONValueDecoder {
        var decoder = JSONValueDecoder(value)
        decoder.codingPath = codingPath + [key]
        return decoder
    }

    fileprivate func mismatch(_ type: Any.Type) -> DecodingError {
        .typeMismatch(type, .init(codingPath: codingPath, debugDescription: "\(value) is not of type \(type)"))
    }
}

extension JSONValue {
    /// A whole number, also one written with a fraction of zero, as some languages write it.
    fileprivate var wholeNumber: Int? {
        guard case .double(let number) = self else { return intValue }
        // From 2^53 on every double is whole: the number that was written may have had a fraction.
        return abs(number) < 0x1p53 ? Int(exactly: number) : nil
    }
}

private struct FieldContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let object: JSONObject
    let decoder: JSONValueDecoder

    var codingPath: [any CodingKey] { decoder.codingPath }
    var allKeys: [Key] { object.compactMap { Key(stringValue: $0.name) } }

    func contains(_ key: Key) -> Bool { object[key.stringValue] != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try nested(key).value.isNull }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try nested(key).decode(type) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try nested(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try nested(key).unkeyedContainer()
    }

    func superDecoder() -> any Decoder { decoder }
    func superDecoder(forKey key: Key) throws -> any Decoder { try nested(key) }

    private func nested(_ key: Key) throws -> JSONValueDecoder {
        guard let value = object[key.stringValue] else {
            throw DecodingError.keyNotFound(
                key, .init(codingPath: codingPath, debugDescription: "there is no field \(quoted(key.stringValue))"))
        }
        return decoder.nested(value, at: key)
    }
}

private struct ElementContainer: UnkeyedDecodingContainer {
    let elements: [JSONValue]
    let decoder: JSONValueDecoder
    var currentIndex = 0

    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex == elements.count }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, elements[currentIndex].isNull else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next().decode(type) }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> { try next().container(keyedBy: type) }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }
    mutating func superDecoder() throws -> any Decoder { try next() }

    private mutating func next() throws -> JSONValueDecoder {
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                JSONValue.self, .init(codingPath: codingPath, debugDescription: "the list has no more elements"))
        }
        defer { currentIndex += 1 }
        return decoder.nested(elements[currentIndex], at: FieldName(String(currentIndex)))
    }
}

private struct ScalarContainer: SingleValueDecodingContainer {
    let decoder: JSONValueDecoder

    var codingPath: [any CodingKey] { decoder.codingPath }

    func decodeNil() -> Bool { decoder.value.isNull }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try decoder.decode(type) }
}
