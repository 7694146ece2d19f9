/// A JSON value. Objects keep every field of the file, known to this program or not.
package enum JSONValue: Sendable, Equatable {
    case object(JSONObject)
    case array([JSONValue])
    case string(String)
    /// A number without fraction or exponent that fits in 64 bits.
    case int(Int)
    /// Any other number; always finite when parsed.
    case double(Double)
    case bool(Bool)
    case null
}

extension JSONValue {
    /// A field of an object; nil if this is not an object or has no such field.
    package subscript(field: String) -> JSONValue? { objectValue?[field] }

    /// The fields, or nil if this is not an object.
    package var objectValue: JSONObject? {
        if case .object(let fields) = self { fields } else { nil }
    }

    /// The elements, or nil if this is not an array.
    package var arrayValue: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The text, or nil if this is not a string.
    package var stringValue: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The integer, or nil if this is not one. `1.0` is not.
    package var intValue: Int? {
        if case .int(let number) = self { number } else { nil }
    }

    /// The number, integer or not; nil if this is not a number.
    package var doubleValue: Double? {
        switch self {
        case .int(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }

    /// The Boolean, or nil if this is not one.
    package var boolValue: Bool? {
        if case .bool(let truth) = self { truth } else { nil }
    }

    package var isNull: Bool { self == .null }
}

extension JSONValue: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
}

extension JSONValue: ExpressibleByArrayLiteral {
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}

extension JSONValue: ExpressibleByDictionaryLiteral {
    /// Creates an object whose fields keep the literal's order.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (name, value) in elements { object[name] = value }
        self = .object(object)
    }
}

extension JSONValue: CustomStringConvertible {
    /// A short form for messages: long strings are cut, containers show only their size.
    package var description: String {
        switch self {
        case .object(let fields): "an object of \(fields.count) fields"
        case .array(let elements): "an array of \(elements.count) elements"
        case .string(let text): quoted(text)
        case .int(let number): String(number)
        case .double(let number): String(number)
        case .bool(let truth): truth ? "true" : "false"
        case .null: "null"
        }
    }
}
