import JSON

extension JSONValueDecoder {
    /// Most values in a request's body.
    private static let limits = JSONLimits(valueCount: 1_000_000)

    /// - Throws: `APIError` if `body` is not a JSON object.
    init(body: [UInt8]) throws(APIError) {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: body, limits: Self.limits)
        } catch {
            throw .invalid("the body is not JSON: \(error); send one JSON object in UTF-8", code: "invalid_json")
        }
        guard value.objectValue != nil else {
            throw .invalid("the body is \(value); send a JSON object", code: "invalid_json")
        }
        self.init(value)
    }
}
