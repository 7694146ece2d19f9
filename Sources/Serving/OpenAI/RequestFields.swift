import JSON

/// A request's fields by name and type. `null` is a field that is not there; a name that nobody asked for is refused.
struct RequestFields {
    private let object: JSONObject
    private var known: Set<String> = []

    /// - Throws: `APIError` where `body` is no JSON object.
    init(_ body: [UInt8]) throws(APIError) {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: body, limits: Self.limits)
        } catch {
            throw .invalid("the body is not JSON: \(error); send one JSON object in UTF-8", code: "invalid_json")
        }
        guard let object = value.objectValue else {
            throw .invalid("the body is \(value); send a JSON object", code: "invalid_json")
        }
        self.object = object
    }

    private static let limits = JSONLimits(valueCount: 1_000_000)

    mutating func value(_ name: String) -> JSONValue? {
        known.insert(name)
        return object[name].flatMap { $0.isNull ? nil : $0 }
    }

    mutating func text(_ name: String) throws(APIError) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.stringValue else { throw wrong(name, value, "a string") }
        return text
    }

    mutating func truth(_ name: String) throws(APIError) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let truth = value.boolValue else { throw wrong(name, value, "true or false") }
        return truth
    }

    mutating func count(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let value = value(name) else { return nil }
        guard let count = value.wholeNumber, range.contains(count) else {
            throw wrong(name, value, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return count
    }

    mutating func number(_ name: String, in range: ClosedRange<Double>) throws(APIError) -> Float? {
        guard let value = value(name) else { return nil }
        guard let number = value.doubleValue, range.contains(number) else {
            throw wrong(name, value, "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return Float(number)
    }

    /// Takes fields that change nothing here.
    mutating func ignore(_ names: String...) { known.formUnion(names) }

    /// Refuses fields that would change the answer in a way that is not implemented.
    ///
    /// - Parameter harmless: values that ask for nothing.
    mutating func refuse(_ name: String, unless harmless: JSONValue...) throws(APIError) {
        guard let value = value(name), !harmless.contains(value) else { return }
        throw .invalid("\(name) is not implemented; leave it out", field: name, code: "unsupported_field")
    }

    /// - Throws: `APIError` naming a field that nobody asked for.
    func refuseOthers() throws(APIError) {
        guard let other = object.first(where: { !known.contains($0.name) }) else { return }
        throw .invalid(
            "there is no field \(quoted(other.name)); leave it out", field: other.name, code: "unknown_field")
    }

    private func wrong(_ name: String, _ value: JSONValue, _ expected: String) -> APIError {
        .invalid("\(name) is \(value); give \(expected)", field: name)
    }
}

extension JSONValue {
    /// A whole number, be it written with a fraction of zero as some languages do.
    var wholeNumber: Int? {
        guard case .double(let number) = self else { return intValue }
        // Beyond 2^53 a fraction of zero says nothing: the number was rounded.
        return abs(number) < 0x1p53 ? Int(exactly: number) : nil
    }
}
