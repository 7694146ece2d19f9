import JSON

/// Typed fields of a request. Each method returns nil if the field is missing or null, and throws an `APIError` that quotes the
/// value if it is wrong.
extension KeyedDecodingContainer {
    func text(_ key: Key) throws -> String? { try field(key, expecting: "a string") }

    func truth(_ key: Key) throws -> Bool? { try field(key, expecting: "true or false") }

    func count(_ key: Key, in range: ClosedRange<Int>) throws -> Int? {
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let count: Int = try field(key, expecting: expected) else { return nil }
        guard range.contains(count) else { throw try refusal(of: key, expecting: expected) }
        return count
    }

    func number(_ key: Key, in range: ClosedRange<Double>) throws -> Float? {
        let expected = "a number from \(range.lowerBound) to \(range.upperBound)"
        guard let number: Double = try field(key, expecting: expected) else { return nil }
        guard range.contains(number) else { throw try refusal(of: key, expecting: expected) }
        return Float(number)
    }

    /// - Parameter expected: completes the sentence "NAME is VALUE; give …".
    func field<Value: Decodable>(_ key: Key, expecting expected: String) throws -> Value? {
        do {
            return try decodeIfPresent(Value.self, forKey: key)
        } catch is DecodingError {
            throw try refusal(of: key, expecting: expected)
        }
    }

    private func refusal(of key: Key, expecting expected: String) throws -> APIError {
        let value = try decode(JSONValue.self, forKey: key)
        return .invalid("\(key.stringValue) is \(value); give \(expected)", field: key.stringValue)
    }
}
